import { beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Formula, formula, formulaTargets } from "../../src/release/formula.ts";
import { installPrograms } from "../support/debian.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/environment.ts";

beforeAll(() => installPrograms({ ruby: "ruby" }), 400_000);

const archives = Object.fromEntries(
  formulaTargets.map((target, index) => [target, { name: `sluice-${target}`, sha256: String(index).repeat(64) }]),
) as Formula["archives"];

const text = formula({
  version: "1.2.3",
  description: "Test",
  license: "MIT",
  url: "https://releases.example/1.2.3",
  archives,
});

/** As much of Homebrew as a formula needs to say what it would do, on the system and the processor that are given. */
const homebrew = `
SYSTEM, PROCESSOR = ARGV
class Place
  def initialize(name) = @name = name
  def /(path) = Place.new("#{@name}/#{path}")
  def to_s = @name
  def install(*what) = puts("#{@name} gets #{what.map { |one| one.is_a?(Hash) ? one.to_a.join(" as ") : one }.join(" ")}")
end
module Says
  %i[desc homepage version license url sha256 run keep_alive environment_variables log_path error_log_path].each do |word|
    define_method(word) { |*values, **named| puts("#{word} #{[*values.flatten, *(named.empty? ? [] : [named])].join(" ")}") }
  end
  def opt_bin = Place.new("opt_bin")
  def var = Place.new("var")
  def std_service_path_env = "std_path"
end
class Formula
  extend Says
  def self.on_macos = SYSTEM == "macos" && yield
  def self.on_linux = SYSTEM == "linux" && yield
  def self.on_arm = PROCESSOR == "arm" && yield
  def self.on_intel = PROCESSOR == "intel" && yield
  def self.service(&block) = instance_eval(&block)
  def self.test = nil
  %i[bin man1 bash_completion zsh_completion fish_completion].each { |place| define_method(place) { Place.new(place.to_s) } }
end
load "./sluice.rb"
Sluice.new.install
`;

test("ruby -c finds no fault", async () => {
  await using folder = await prepare();
  expect((await ruby(folder, "-c", "sluice.rb")).trim()).toBe("Syntax OK");
});

test.each([
  ["macos", "arm", "darwin-arm64"],
  ["macos", "intel", "darwin-x64"],
  ["linux", "arm", "linux-arm64"],
  ["linux", "intel", "linux-x64"],
] as const)("on %s with %s it takes %s", async (system, processor, target) => {
  await using folder = await prepare();
  const said = await ruby(folder, "homebrew.rb", system, processor);
  expect(said.match(/^url .*/gm)).toEqual([`url https://releases.example/1.2.3/sluice-${target}`]);
  expect(said.match(/^sha256 .*/gm)).toEqual([`sha256 ${archives[target].sha256}`]);
});

test("it installs the program, its manual and its completions, and a service", async () => {
  await using folder = await prepare();
  const said = await ruby(folder, "homebrew.rb", "linux", "intel");
  for (const line of [
    "bin gets sluice",
    "man1 gets sluice.1",
    "bash_completion gets completions/sluice.bash as sluice",
    "zsh_completion gets completions/_sluice",
    "fish_completion gets completions/sluice.fish",
    "run opt_bin/sluice serve",
  ]) {
    expect(said.split("\n")).toContain(line);
  }
});

async function prepare(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  await Bun.write(join(folder.path, "sluice.rb"), text);
  await Bun.write(join(folder.path, "homebrew.rb"), homebrew);
  return folder;
}

/** What it prints; throws where it fails. */
async function ruby(folder: TemporaryFolder, ...args: string[]): Promise<string> {
  return await Bun.$`ruby ${args}`.cwd(folder.path).quiet().text();
}
