/** Control characters but the tab, what turns the direction of text around, and separators of lines. */
const STEERING = /(?!\t)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Whoever wrote it may want to steer a terminal, or to forge a line: of that only marks are shown. */
export const printable = (line: string): string => line.replaceAll(STEERING, '\ufffd');
