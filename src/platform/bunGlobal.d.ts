/** The few calls of Bun that src/platform uses, typed by hand: the full type package redefines Node's globals. */
declare namespace BunRuntime {
  interface Socket<Data> {
    data: Data;
    readonly fd: number;
    write(bytes: Uint8Array): number;
    pause(): void;
    resume(): void;
    end(): void;
    close(): void;
    terminate(): void;
  }
  interface SocketHandler<Data> {
    binaryType?: 'uint8array' | 'buffer';
    open?(socket: Socket<Data>): void;
    data?(socket: Socket<Data>, bytes: Uint8Array): void;
    drain?(socket: Socket<Data>): void;
    close?(socket: Socket<Data>, error?: Error): void;
    end?(socket: Socket<Data>): void;
    error?(socket: Socket<Data>, error: Error): void;
    connectError?(socket: Socket<Data>, error: Error): void;
  }
  interface SocketListener {
    stop(closeActiveConnections?: boolean): void;
    unref(): void;
  }
  interface Hasher {
    update(input: string | Uint8Array): Hasher;
    digest(encoding: 'hex'): string;
  }
  interface Global {
    readonly version: string;
    readonly main: string;
    listen<Data>(options: { fd: number; data?: Data; socket: SocketHandler<Data> }): SocketListener;
    connect<Data>(
      options: ({ unix: string } | { fd: number }) & { data?: Data; socket: SocketHandler<Data> },
    ): Promise<Socket<Data>>;
    gc(force: boolean): void;
    /** Drops compiled code and what else can be made again. */
    shrink(): void;
    generateHeapSnapshot(format: 'v8'): string;
    readonly CryptoHasher: new (algorithm: 'sha256') => Hasher;
  }
}
declare const Bun: BunRuntime.Global;
