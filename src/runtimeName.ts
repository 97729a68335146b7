/** What this shim is called, whatever name its file has. */
export const RUNTIME_NAME = 'io.containerd.podshim.v1';
