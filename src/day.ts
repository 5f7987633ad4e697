/** Days and months as the user's own clock has them: local time. */

/** The day of a time: `2026-11-21`. */
export function dayOf(time: number): string {
  const date = new Date(time);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `dayOf`, for times of which most are of the same day. */
export function dayReader(): (time: number) => string {
  let [began, ends, day] = [0, 0, ""];
  return (time) => {
    if (time < began || time >= ends) [began, ends, day] = [startOfDay(time), startOfDay(time, 1), dayOf(time)];
    return day;
  };
}

/** When the day of a time began; so many days later, or earlier where negative. Days of 23 and 25 hours count as one. */
export function startOfDay(time: number, later = 0): number {
  const date = new Date(time);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + later).getTime();
}

/** The same for months. */
export function startOfMonth(time: number, later = 0): number {
  const date = new Date(time);
  return new Date(date.getFullYear(), date.getMonth() + later, 1).getTime();
}
