export interface Formula {
  version: string;
  description: string;
  license: string;
  /** The folder that the archives can be downloaded from. */
  url: string;
  /** The name and the SHA-256 of the archive for each system. */
  archives: Readonly<Record<FormulaTarget, { name: string; sha256: string }>>;
}

export const formulaTargets = ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"] as const;

type FormulaTarget = (typeof formulaTargets)[number];

/** Homebrew's formula: the archive for the machine, manual and completions, and a service. */
export function formula({ version, description, license, url, archives }: Formula): string {
  const source = (target: FormulaTarget) => {
    const { name, sha256 } = archives[target];
    return `url "${url}/${name}"
      sha256 "${sha256}"`;
  };
  return `class Sluice < Formula
  desc "${description}"
  homepage "${url}"
  version "${version}"
  license "${license}"

  on_macos do
    on_arm do
      ${source("darwin-arm64")}
    end
    on_intel do
      ${source("darwin-x64")}
    end
  end

  on_linux do
    on_arm do
      ${source("linux-arm64")}
    end
    on_intel do
      ${source("linux-x64")}
    end
  end

  def install
    bin.install "sluice"
    man1.install "sluice.1"
    bash_completion.install "completions/sluice.bash" => "sluice"
    zsh_completion.install "completions/_sluice"
    fish_completion.install "completions/sluice.fish"
  end

  service do
    run [opt_bin/"sluice", "serve"]
    keep_alive crashed: true
    environment_variables PATH: std_service_path_env
    log_path var/"log/sluice.log"
    error_log_path var/"log/sluice.log"
  end

  test do
    assert_equal version.to_s, shell_output("#{bin}/sluice --version").strip
  end
end
`;
}
