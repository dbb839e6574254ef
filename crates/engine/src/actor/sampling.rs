//! tmp
use super::Actor;
impl Actor {
    pub(super) fn sample(&mut self) {}
    pub(super) fn measured(
        &mut self,
        _u: std::collections::BTreeMap<ostler_core::InstanceId, crate::metrics::Usage>,
    ) {
    }
    pub(super) fn metrics(
        &mut self,
        _p: &ostler_api::MetricsParams,
        _r: crate::handle::Reply<ostler_api::MetricsReply>,
    ) {
    }
}
