/** A runtime handler as an administrator writes it into containerd's configuration. */
export interface Handler {
  readonly name: string;
  readonly type: string;
  /** `runtime_path`: the shim's binary. */
  readonly path?: string;
  readonly options: Readonly<Record<string, string | boolean>>;
}

export interface CriConfiguration {
  readonly version: 2 | 3;
  readonly pauseImage: string;
  /** An empty directory in place of the host's CNI configuration; pods of the tests use the host's network. */
  readonly cniDirectory: string;
  readonly handlers: readonly Handler[];
}

/** How long ExecSync waits for the end of an output that a child of the ended command still holds. 1.7 and later. */
export const DRAIN_SECONDS = 3;

/** The part of containerd's configuration that is about the CRI. */
export function criConfiguration(configuration: CriConfiguration): string {
  return configuration.version === 2 ? version2(configuration) : version3(configuration);
}

function version2(configuration: CriConfiguration): string {
  const plugin = 'plugins."io.containerd.grpc.v1.cri"';
  return [
    `[${plugin}]`,
    `  sandbox_image = ${quote(configuration.pauseImage)}`,
    ...runtime(plugin, configuration),
    ...withoutNri(),
  ].join('\n');
}

function version3(configuration: CriConfiguration): string {
  const plugin = 'plugins."io.containerd.cri.v1.runtime"';
  return [
    '[plugins."io.containerd.cri.v1.images".pinned_images]',
    `  sandbox = ${quote(configuration.pauseImage)}`,
    `[${plugin}]`,
    ...runtime(plugin, configuration),
    ...withoutNri(),
  ].join('\n');
}

/** The score: without CAP_SYS_RESOURCE nobody gets the one that the CRI gives to a pause container. */
function runtime(plugin: string, { cniDirectory, handlers }: CriConfiguration): string[] {
  return [
    '  restrict_oom_score_adj = true',
    `  drain_exec_sync_io_timeout = "${DRAIN_SECONDS}s"`,
    `[${plugin}.cni]`,
    `  bin_dir = ${quote(cniDirectory)}`,
    `  conf_dir = ${quote(cniDirectory)}`,
    `[${plugin}.containerd]`,
    `  default_runtime_name = ${quote(handlers[0]?.name ?? '')}`,
    ...handlers.flatMap((handler) => handlerTable(`${plugin}.containerd.runtimes`, handler)),
  ];
}

function handlerTable(table: string, { name, type, path, options }: Handler): string[] {
  return [
    `[${table}.${name}]`,
    `  runtime_type = ${quote(type)}`,
    ...(path === undefined ? [] : [`  runtime_path = ${quote(path)}`]),
    `[${table}.${name}.options]`,
    ...optionLines(options),
  ];
}

/** Options as lines of TOML. */
export function optionLines(options: Handler['options']): string[] {
  return Object.entries(options).map(([key, value]) => `  ${key} = ${JSON.stringify(value)}`);
}

/** Its socket has one place for all daemons of a machine. */
function withoutNri(): string[] {
  return ['[plugins."io.containerd.nri.v1.nri"]', '  disable = true', ''];
}

function quote(text: string): string {
  return JSON.stringify(text);
}
