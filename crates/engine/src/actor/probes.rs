//! tmp
use super::Actor;
use ostler_core::*;
impl Actor {
    pub(super) fn probe(&mut self, _i: InstanceId, _r: RunId, _s: &ServiceSpec, _k: ProbeKind) {}
    pub(super) fn probed(&mut self, _i: InstanceId, _r: RunId, _k: ProbeKind, _x: Result<(), String>) {}
    pub(super) fn check_health(
        &mut self,
        _p: &ostler_api::ServiceParams,
        _r: crate::handle::Reply<ostler_api::HealthReply>,
    ) {
    }
}
