const kilo = 1000;
const secondsPerMinute = 60;
const minutesPerHour = 60;
const hoursPerDay = 24;

/** `1.6 MB`: powers of ten, as the kernel's own tools do not agree on anything else either. */
export function bytesText(bytes: number): string {
  if (bytes < kilo) return `${bytes} B`;
  let value = bytes;
  let unit = '';
  for (const next of ['kB', 'MB', 'GB', 'TB']) {
    if (value < kilo) break;
    value /= kilo;
    unit = next;
  }
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
}

/** `4 s`, `12 min`, `3 h 5 min`, `2 d 4 h`. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / kilo));
  if (seconds < secondsPerMinute) return `${seconds} s`;
  const minutes = Math.floor(seconds / secondsPerMinute);
  if (minutes < minutesPerHour) return `${minutes} min`;
  const hours = Math.floor(minutes / minutesPerHour);
  if (hours < hoursPerDay) return pair(hours, 'h', minutes % minutesPerHour, 'min');
  return pair(Math.floor(hours / hoursPerDay), 'd', hours % hoursPerDay, 'h');
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

const shownDigits = 12;
const hexadecimalId = /^[0-9a-f]{64}$/;

/** Kubernetes' and Docker's 64 digits as people quote them; any other id as it is. */
export function shortId(id: string): string {
  return hexadecimalId.test(id) ? id.slice(0, shownDigits) : id;
}

/** `text` in lines of at most `columns`, each but the first behind `indent`. Words that are longer stay whole. */
export function wrapText(text: string, columns: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line === '') line = word;
    else if (line.length + 1 + word.length <= columns - indent.length) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  return lines.join(`\n${indent}`);
}
