//! One row of the list.

use ostler_api::Word;

use crate::Line;

/// What a row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowKind {
    /// The heading of a group.
    Heading,
    /// A service.
    #[default]
    Service,
}

/// The one action that fits the state of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// It is well, or nothing can be done.
    #[default]
    Nothing,
    /// Start.
    Start,
    /// Restart.
    Restart,
    /// Restart now instead of when the wait is over.
    RestartNow,
    /// Use another port, since its own is taken.
    UsePort,
}

macro_rules! row {
    ($($(#[$doc:meta])* $field:ident / $role:ident : $type:ty,)*) => {
        /// One row of the list: a group's heading or a service.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Row { $($(#[$doc])* pub $field: $type,)* }

        /// A role of the list model: one field of a row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Role { $($(#[$doc])* $role,)* }

        impl Role {
            /// All roles.
            pub const ALL: &[Self] = &[$(Self::$role,)*];

            /// The field's name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$role => stringify!($field),)* }
            }
        }

        impl Line for Row {
            type Role = Role;

            fn key(&self) -> &str {
                &self.key
            }

            fn changes(&self, other: &Self) -> Vec<Role> {
                let mut roles = Vec::new();
                $(if self.$field != other.$field { roles.push(Role::$role); })*
                roles
            }
        }
    };
}

row! {
    /// What identifies it: `group:Backend`, `service:api`.
    key / Key: String,
    /// What it is.
    kind / Kind: RowKind,
    /// The name of the service or group.
    name / Name: String,
    /// The group of a service; empty without one.
    group / Group: String,
    /// Its state; of a group the worst.
    word / Word: Word,
    /// `pool 3 of 3`, `one-shot`; of a group its summary.
    tag / Tag: String,
    /// Why it is as it is; empty when there is nothing to tell.
    why / Why: String,
    /// Where it listens: `localhost:8080`; when stale what it was.
    address / Address: String,
    /// The same, short: `:8080`.
    short_address / ShortAddress: String,
    /// What "Open" opens; empty without one.
    url / Url: String,
    /// How long it runs, or how it ended.
    uptime / Uptime: String,
    /// Whether `uptime` tells how it ended.
    is_ended / IsEnded: bool,
    /// How often it was restarted by itself; empty when that says nothing.
    restarts / Restarts: String,
    /// Its share of CPU.
    cpu / Cpu: String,
    /// Its memory.
    memory / Memory: String,
    /// Its share of CPU over time, in tenths of a percent.
    cpu_course / CpuCourse: Vec<i32>,
    /// Its memory over time, in tenths of a MiB.
    memory_course / MemoryCourse: Vec<i32>,
    /// What was asked for and is not fulfilled yet: `start`, `stop`, `restart`; else empty.
    pending / Pending: String,
    /// The one fitting action.
    fit / Fit: Fit,
    /// The port that is free in the place of its own; 0 when that is not the trouble.
    free_port / FreePort: u16,
    /// Whether it can be started.
    can_start / CanStart: bool,
    /// Whether it can be stopped.
    can_stop / CanStop: bool,
    /// Whether it can be restarted.
    can_restart / CanRestart: bool,
    /// Whether what it says is old.
    is_stale / IsStale: bool,
    /// Whether the group is folded.
    is_folded / IsFolded: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_fields_that_differ_are_roles_to_announce() {
        let old = Row { name: "api".to_owned(), ..Default::default() };
        let new = Row { word: Word::Failed, why: "exit 1".to_owned(), ..old.clone() };
        assert_eq!(old.changes(&new), [Role::Word, Role::Why]);
        assert_eq!(Role::IsEnded.name(), "is_ended");
    }
}
