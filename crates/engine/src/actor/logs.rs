//! tmp
use super::Actor;
impl Actor {
    pub(super) fn logs(
        &mut self,
        _p: ostler_api::LogsParams,
        _a: &ostler_core::Actor,
        _r: crate::handle::Reply<(ostler_api::LogReply, Option<crate::LogFollower>)>,
    ) {
    }
}
