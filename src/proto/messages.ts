/**
 * The messages of the shim's services, events and options, by the names the rest of the code uses. Each is a type and
 * a codec: `StateRequest.decode(bytes)`, `StateResponse.encode({ id, pid }).finish()`.
 */
export {
  containerd_runtime_bootstrap_v1_BootstrapParams as BootstrapParams,
  containerd_runtime_bootstrap_v1_BootstrapResult as BootstrapResult,
  containerd_runtime_bootstrap_v1_Extension as BootstrapExtension,
  containerd_runtime_bootstrap_v1_LogLevel as BootstrapLogLevel,
} from './generated/bootstrap_v1.ts';
export { io_containerd_cgroups_v1_Metrics as MetricsV1 } from './generated/cgroups_v1.ts';
export { io_containerd_cgroups_v2_Metrics as MetricsV2 } from './generated/cgroups_v2.ts';
export { runtime_v1_PodSandboxConfig as PodSandboxConfig } from './generated/cri_sandbox.ts';
export {
  containerd_events_TaskCheckpointed as TaskCheckpointed,
  containerd_events_TaskCreate as TaskCreate,
  containerd_events_TaskDelete as TaskDelete,
  containerd_events_TaskExecAdded as TaskExecAdded,
  containerd_events_TaskExecStarted as TaskExecStarted,
  containerd_events_TaskExit as TaskExit,
  containerd_events_TaskIO as TaskIO,
  containerd_events_TaskOOM as TaskOOM,
  containerd_events_TaskPaused as TaskPaused,
  containerd_events_TaskResumed as TaskResumed,
  containerd_events_TaskStart as TaskStart,
} from './generated/events.ts';
export {
  containerd_services_events_ttrpc_v1_Envelope as Envelope,
  containerd_services_events_ttrpc_v1_ForwardRequest as ForwardRequest,
} from './generated/events_ttrpc.ts';
export {
  google_protobuf_Any as Any,
  google_protobuf_Empty as Empty,
  google_protobuf_Timestamp as Timestamp,
} from './generated/google.ts';
export { google_rpc_Status as RpcStatus } from './generated/google_rpc.ts';
export {
  containerd_linux_runc_CheckpointOptions as LegacyCheckpointOptions,
  containerd_linux_runc_CreateOptions as LegacyCreateOptions,
  containerd_linux_runc_RuncOptions as LegacyRuncOptions,
} from './generated/linux_runc.ts';
export {
  containerd_runc_v1_CheckpointOptions as RuncCheckpointOptions,
  containerd_runc_v1_Options as RuncOptions,
  containerd_runc_v1_ProcessDetails as ProcessDetails,
} from './generated/runc_options.ts';
export { runtimeoptions_v1_Options as RuntimeOptionsV1 } from './generated/runtime_options.ts';
export {
  containerd_runtime_sandbox_v1_CreateSandboxRequest as CreateSandboxRequest,
  containerd_runtime_sandbox_v1_CreateSandboxResponse as CreateSandboxResponse,
  containerd_runtime_sandbox_v1_PingRequest as PingSandboxRequest,
  containerd_runtime_sandbox_v1_PingResponse as PingSandboxResponse,
  containerd_runtime_sandbox_v1_PlatformRequest as SandboxPlatformRequest,
  containerd_runtime_sandbox_v1_PlatformResponse as SandboxPlatformResponse,
  containerd_runtime_sandbox_v1_SandboxMetricsRequest as SandboxMetricsRequest,
  containerd_runtime_sandbox_v1_SandboxMetricsResponse as SandboxMetricsResponse,
  containerd_runtime_sandbox_v1_SandboxStatusRequest as SandboxStatusRequest,
  containerd_runtime_sandbox_v1_SandboxStatusResponse as SandboxStatusResponse,
  containerd_runtime_sandbox_v1_ShutdownSandboxRequest as ShutdownSandboxRequest,
  containerd_runtime_sandbox_v1_ShutdownSandboxResponse as ShutdownSandboxResponse,
  containerd_runtime_sandbox_v1_StartSandboxRequest as StartSandboxRequest,
  containerd_runtime_sandbox_v1_StartSandboxResponse as StartSandboxResponse,
  containerd_runtime_sandbox_v1_StopSandboxRequest as StopSandboxRequest,
  containerd_runtime_sandbox_v1_StopSandboxResponse as StopSandboxResponse,
  containerd_runtime_sandbox_v1_WaitSandboxRequest as WaitSandboxRequest,
  containerd_runtime_sandbox_v1_WaitSandboxResponse as WaitSandboxResponse,
} from './generated/sandbox_v1.ts';
export {
  containerd_v1_types_ProcessInfo as ProcessInfo,
  containerd_v1_types_Status as TaskStatus,
} from './generated/task_types.ts';
export {
  containerd_task_v2_CheckpointTaskRequest as CheckpointTaskRequest,
  containerd_task_v2_CloseIORequest as CloseIORequest,
  containerd_task_v2_ConnectRequest as ConnectRequest,
  containerd_task_v2_ConnectResponse as ConnectResponse,
  containerd_task_v2_CreateTaskRequest as CreateTaskRequest,
  containerd_task_v2_CreateTaskResponse as CreateTaskResponse,
  containerd_task_v2_DeleteRequest as DeleteRequest,
  containerd_task_v2_DeleteResponse as DeleteResponse,
  containerd_task_v2_ExecProcessRequest as ExecProcessRequest,
  containerd_task_v2_KillRequest as KillRequest,
  containerd_task_v2_PauseRequest as PauseRequest,
  containerd_task_v2_PidsRequest as PidsRequest,
  containerd_task_v2_PidsResponse as PidsResponse,
  containerd_task_v2_ResizePtyRequest as ResizePtyRequest,
  containerd_task_v2_ResumeRequest as ResumeRequest,
  containerd_task_v2_ShutdownRequest as ShutdownRequest,
  containerd_task_v2_StartRequest as StartRequest,
  containerd_task_v2_StartResponse as StartResponse,
  containerd_task_v2_StateRequest as StateRequest,
  containerd_task_v2_StateResponse as StateResponse,
  containerd_task_v2_StatsRequest as StatsRequest,
  containerd_task_v2_StatsResponse as StatsResponse,
  containerd_task_v2_UpdateTaskRequest as UpdateTaskRequest,
  containerd_task_v2_WaitRequest as WaitRequest,
  containerd_task_v2_WaitResponse as WaitResponse,
} from './generated/task_v2.ts';
export {
  containerd_types_Metric as Metric,
  containerd_types_Mount as Mount,
  containerd_types_Platform as Platform,
  containerd_types_RuntimeInfo as RuntimeInfo,
  containerd_types_RuntimeVersion as RuntimeVersion,
} from './generated/types.ts';
export type { Integer64, MessageInput, MessageType } from './wire.ts';
