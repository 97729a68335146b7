/** pino types its main build only. The browser build takes the same options and gives the same logger. */
declare module 'pino/browser.js' {
  export { pino } from 'pino';
}
