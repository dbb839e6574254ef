//! JSON Schema of everything on the wire.

use schemars::{Schema, schema_for};

/// Every schema by file name (without `.json`), for `resources/schema/`.
pub fn schemas() -> Vec<(&'static str, Schema)> {
    macro_rules! list {
        ($($name:literal $type:ident),* $(,)?) => { vec![$(($name, schema_for!(crate::$type)),)*] };
    }
    list![
        "request" Request, "response" Response, "notification" Notification, "error" ApiError,
        "snapshot" Snapshot, "event" Event, "plan" Plan, "log_line" LogLine,
        "params.hello" HelloParams, "params.service" ServiceParams, "params.action" ActionParams,
        "params.reload_config" ReloadParams, "params.config_validate" ConfigValidateParams,
        "params.set_mode" SetModeParams, "params.shutdown" ShutdownParams, "params.watch" WatchParams,
        "params.logs" LogsParams, "params.metrics" MetricsParams, "params.signal" SignalParams,
        "params.scale" ScaleParams,
        "params.custom_restart" CustomRestartParams, "params.execute_command" ExecuteCommandParams,
        "reply.custom_restart" CustomRestartReply, "reply.execute_command" CommandReply,
        "params.attach" AttachParams, "params.input" InputParams,
        "params.resize" ResizeParams, "params.detach" DetachParams, "reply.attach" AttachReply,
        "notification.output" OutputNotification, "notification.attach_state" AttachState,
        "params.drop_connection" DropConnectionParams, "params.auth" AuthParams,
        "reply.challenge" Challenge, "reply.connections" ConnectionsReply,
        "reply.drop_connection" DropConnectionReply,
        "reply.hello" HelloReply, "reply.action" ActionReply, "reply.plan" PlanReply,
        "reply.watch" WatchReply, "reply.logs" LogReply, "notification.log" LogNotification,
        "notification.snapshot_part" SnapshotPart,
        "reply.why" WhyReply, "reply.health_check" HealthReply, "reply.metrics" MetricsReply,
        "reply.signal" SignalReply, "reply.env" EnvReply, "reply.shutdown" ShutdownReply,
        "params.incidents" IncidentsParams, "reply.incidents" IncidentsReply,
        "reply.doctor" DoctorReply, "reply.config_get" ConfigText, "reply.config_validate" ConfigVerdict,
        "params.config_save" ConfigSaveParams, "params.config_edit" ConfigEditParams,
        "params.config_restore" ConfigRestoreParams, "reply.config_save" ConfigSaveReply,
        "reply.config_history" ConfigHistory,
        "reply.subscribe_events" SubscribeEventsReply, "reply.event_stats" EventStatsReply,
        "params.emit_test_event" EmitTestEventParams, "reply.emit_test_event" EmitTestEventReply,
        "params.dashboard_code" DashboardCodeParams, "reply.dashboard_code" DashboardCodeReply,
        "reply.tls" TlsReply,
    ]
}
