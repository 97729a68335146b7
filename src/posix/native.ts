/**
 * What the C addon exports (native/). Functions give their value or a negative errno; those with several results write
 * them into `slots`. Nothing outside src/posix uses this.
 */
export interface Native {
  openFile(path: string, flags: number, mode: number): number;
  closeFile(descriptor: number): number;
  readFile(path: string, limitBytes: number, asText: false): Uint8Array | number;
  readFile(path: string, limitBytes: number, asText: true): string | number;
  readToEnd(descriptor: number, limitBytes: number): Uint8Array | number;
  readSome(descriptor: number, maxBytes: number): Uint8Array | number;
  rewindFile(descriptor: number): number;
  writeAll(descriptor: number, data: Uint8Array | string): number;
  writeSome(descriptor: number, data: Uint8Array | string): number;
  writeFile(
    path: string,
    data: Uint8Array | string,
    mode: number,
    flags: number,
    durable: boolean,
  ): number;
  setNonBlocking(descriptor: number, on: boolean): number;
  changeOwner(descriptor: number, uid: number, gid: number): number;
  makePipe(slots: Float64Array): number;
  makeMemoryFile(name: string): number;
  duplicate(descriptor: number, onto: number): number;
  copyDescriptor(descriptor: number): number;
  lockFile(descriptor: number): number;

  makeDirectory(path: string, mode: number): number;
  makeDirectories(path: string, mode: number): number;
  removeFile(path: string): number;
  removeDirectory(path: string): number;
  removeTree(path: string): number;
  renameFile(from: string, to: string): number;
  makeSymlink(target: string, path: string): number;
  readLink(path: string): string | number;
  listDirectory(path: string): string | number;
  fileStatus(path: string, slots: Float64Array): number;
  linkStatus(path: string, slots: Float64Array): number;
  descriptorStatus(descriptor: number, slots: Float64Array): number;
  changeMode(path: string, mode: number): number;
  makeFifo(path: string, mode: number): number;
  fileSystemType(path: string): number;
  checkExecutable(path: string): number;

  spawn(
    path: string,
    argv: string,
    argvCount: number,
    environment: string,
    environmentCount: number,
    directory: string | undefined,
    descriptors: Int32Array,
    flags: number,
    softOpenFiles: number,
    hardOpenFiles: number,
  ): number;
  forkDetached(descriptors: Int32Array, argv: string): number;
  reapExited(pairs: Int32Array): number;

  sendSignal(pid: number, signal: number): number;
  openPidfd(pid: number): number;
  sendSignalThroughPidfd(pidfd: number, signal: number): number;
  ignoreSignal(signal: number): number;
  muteChildSignal(): number;
  unmuteChildSignal(): number;
  unblockSignal(signal: number): number;
  becomeSubreaper(): number;
  disableHugePages(): number;
  createSchedulingCookie(): number;
  parentPid(): number;
  exitNow(status: number): never;
  effectiveUser(slots: Float64Array): number;
  openFileLimit(slots: Float64Array): number;
  initialOpenFileLimit(): number;
  localOffset(seconds: number): number;

  dropCleanPages(): number;

  startWatchdog(
    told: (least: number, most: number, failure: number) => void,
    directory: string,
    file: string,
    heading: string,
    restMilliseconds: number,
    quietRestMilliseconds: number,
    limitMilliseconds: number,
    signal: number,
  ): number;

  listenUnix(path: string, backlog: number): number;
  connectUnix(path: string, timeoutMilliseconds: number): number;
  peerCredentials(descriptor: number, slots: Float64Array): number;
  hasHungUp(descriptor: number): number;
  socketPath(descriptor: number): string | number;
  acceptConnection(descriptor: number): number;
  sendDatagram(path: string, data: Uint8Array | string): number;
  receiveDescriptor(socket: number, slots: Float64Array): string | number;
  sendDescriptor(socket: number, name: string, descriptor: number): number;

  openTerminal(slots: Float64Array): string | number;
  setWindowSize(descriptor: number, columns: number, rows: number): number;
  windowSize(descriptor: number, slots: Float64Array): number;

  mountFileSystem(
    source: string,
    target: string,
    type: string,
    flags: number,
    data: string | undefined,
  ): number;
  mountFromDirectory(
    directory: string,
    source: string,
    target: string,
    type: string,
    flags: number,
    data: string | undefined,
  ): number;
  unmountFileSystem(target: string, flags: number): number;

  freeLoopDevice(control: number): number;
  configureLoopDevice(
    device: number,
    file: number,
    name: string,
    readOnly: boolean,
    directIo: boolean,
  ): number;
  openUserNamespace(uidMap: string, gidMap: string): number;
  mountIdMapped(source: string, target: string, namespace: number): number;

  holdNamespaces(
    network: string | undefined,
    flags: number,
    hostName: string | undefined,
    settings: string,
    settingCount: number,
    slots: Float64Array,
  ): number;
  releaseNamespaces(): number;

  createEventCounter(): number;
  createInotify(): number;
  addInotifyWatch(descriptor: number, path: string, mask: number): number;
  removeInotifyWatch(descriptor: number, watch: number): number;

  startPoller(notify: (notices: Float64Array) => void): number;
  startMovement(source: number, destination: number, terminal: boolean): number;
  movementBytes(slot: number): number;
  finishMovement(slot: number): number;
  startWatch(descriptor: number): number;
  cancelPolled(slot: number): number;
}

/** Results of calls that have more than one. Read it right after the call: the next call writes over it. */
export const slots: Float64Array = new Float64Array(8);
