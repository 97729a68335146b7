/** The messages of the server's own service (proto/podshim_debug.proto). Loaded only by those who speak it. */
export {
  podshim_introspection_v1_CallInFlight as CallInFlight,
  podshim_introspection_v1_Container as DescribedContainer,
  podshim_introspection_v1_DescribeRequest as DescribeRequest,
  podshim_introspection_v1_DescribeResponse as DescribeResponse,
  podshim_introspection_v1_DumpRequest as DumpRequest,
  podshim_introspection_v1_DumpResponse as DumpResponse,
  podshim_introspection_v1_Event as FlightEvent,
  podshim_introspection_v1_EventsRequest as EventsRequest,
  podshim_introspection_v1_Exit as DescribedExit,
  podshim_introspection_v1_Memory as DescribedMemory,
  podshim_introspection_v1_Process as DescribedProcess,
  podshim_introspection_v1_Server as DescribedServer,
  podshim_introspection_v1_Stdio as DescribedStdio,
} from './generated/podshim_debug.ts';
