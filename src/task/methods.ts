import {
  CheckpointTaskRequest,
  CloseIORequest,
  ConnectRequest,
  ConnectResponse,
  CreateTaskRequest,
  CreateTaskResponse,
  DeleteRequest,
  DeleteResponse,
  ExecProcessRequest,
  KillRequest,
  PauseRequest,
  PidsRequest,
  PidsResponse,
  ResizePtyRequest,
  ResumeRequest,
  ShutdownRequest,
  StartRequest,
  StartResponse,
  StateRequest,
  StateResponse,
  StatsRequest,
  StatsResponse,
  UpdateTaskRequest,
  WaitRequest,
  WaitResponse,
} from '../proto/messages.ts';
import { emptyBytes, type MessageType } from '../proto/wire.ts';
import {
  type Call,
  decodePayload,
  type Service,
  type UnaryHandler,
  unary,
} from '../ttrpc/server.ts';
import type { TaskService } from './taskService.ts';

/** A method that answers google.protobuf.Empty: a payload of no bytes. */
function silent<Request>(
  requestType: MessageType<Request>,
  method: (request: Request, call: Call) => void | Promise<void>,
): UnaryHandler {
  return (payload, call) => {
    const done = method(decodePayload(requestType, payload), call);
    return done instanceof Promise ? done.then(() => emptyBytes) : emptyBytes;
  };
}

/** Versions 2 and 3 have the same methods and messages under two names; both are always served (contract 14.1). */
export function taskServices(tasks: TaskService): readonly Service[] {
  const methods = new Map<string, UnaryHandler>([
    ['State', unary(StateRequest, StateResponse, (r) => tasks.state(r))],
    ['Create', unary(CreateTaskRequest, CreateTaskResponse, (r, c) => tasks.create(r, c))],
    ['Start', unary(StartRequest, StartResponse, (r, c) => tasks.start(r, c))],
    ['Delete', unary(DeleteRequest, DeleteResponse, (r, c) => tasks.delete(r, c))],
    ['Pids', unary(PidsRequest, PidsResponse, (r, c) => tasks.pids(r, c))],
    ['Pause', silent(PauseRequest, (r, c) => tasks.pause(r.id, c))],
    ['Resume', silent(ResumeRequest, (r, c) => tasks.resume(r.id, c))],
    ['Checkpoint', silent(CheckpointTaskRequest, (r, c) => tasks.checkpoint(r, c))],
    ['Kill', silent(KillRequest, (r) => tasks.kill(r))],
    ['Exec', silent(ExecProcessRequest, (r) => tasks.exec(r))],
    ['ResizePty', silent(ResizePtyRequest, (r) => tasks.resizePty(r))],
    ['CloseIO', silent(CloseIORequest, (r) => tasks.closeIo(r.id, r.execId))],
    ['Update', silent(UpdateTaskRequest, (r, c) => tasks.update(r, c))],
    ['Wait', unary(WaitRequest, WaitResponse, (r, c) => tasks.wait(r, c))],
    ['Stats', unary(StatsRequest, StatsResponse, (r) => tasks.stats(r))],
    ['Connect', unary(ConnectRequest, ConnectResponse, (r) => tasks.connect(r))],
    ['Shutdown', silent(ShutdownRequest, (r) => tasks.shutdown(r))],
  ]);
  return [
    { name: 'containerd.task.v2.Task', unary: methods },
    { name: 'containerd.task.v3.Task', unary: methods },
  ];
}
