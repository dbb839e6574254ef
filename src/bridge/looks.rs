//! What lists, logs and charts show, as the person has arranged it; the window remembers it.

use std::pin::Pin;

use cxx_qt::CxxQtType;

use super::put;
use crate::actions::{COUNTER, Errand};
use crate::desk::{Ask, Desk};
use crate::memory::{self, Column, Memory};

#[cxx_qt::bridge]
pub(crate) mod ffi {
    /// What the list may show of a service.
    #[qenum(Looks)]
    enum ListColumn {
        /// Where it listens.
        AddressColumn,
        /// How long it runs.
        UptimeColumn,
        /// How often it was restarted.
        RestartsColumn,
        /// Its share of CPU.
        CpuColumn,
        /// Its memory.
        MemoryColumn,
        /// The curves of both.
        GraphsColumn,
    }

    #[auto_cxx_name]
    extern "RustQt" {
        #[qobject]
        #[qml_element]
        #[qml_singleton]
        #[qproperty(bool, is_grouped, READ, NOTIFY)]
        #[qproperty(bool, has_address, READ, NOTIFY)]
        #[qproperty(bool, has_uptime, READ, NOTIFY)]
        #[qproperty(bool, has_restarts, READ, NOTIFY)]
        #[qproperty(bool, has_cpu, READ, NOTIFY)]
        #[qproperty(bool, has_memory, READ, NOTIFY)]
        #[qproperty(bool, has_graphs, READ, NOTIFY)]
        #[qproperty(bool, is_log_wrapped, READ, NOTIFY)]
        #[qproperty(i32, metrics_range, READ, NOTIFY)]
        type Looks = super::LooksRust;

        /// Lists services below the headings of their groups, or in one list.
        #[qinvokable]
        fn group(self: Pin<&mut Looks>, is_grouped: bool);

        /// Shows something of each service, where there is room for it, or not.
        #[qinvokable]
        fn show_column(self: Pin<&mut Looks>, column: ListColumn, is_shown: bool);

        /// Wraps long lines of logs, or cuts them at the edge.
        #[qinvokable]
        fn wrap_logs(self: Pin<&mut Looks>, is_wrapped: bool);

        /// How far charts go back: the number of a range.
        #[qinvokable]
        fn choose_range(self: Pin<&mut Looks>, range: i32);
    }

    impl cxx_qt::Initialize for Looks {}
}

/// What [`ffi::Looks`] holds.
pub struct LooksRust {
    is_grouped: bool,
    has_address: bool,
    has_uptime: bool,
    has_restarts: bool,
    has_cpu: bool,
    has_memory: bool,
    has_graphs: bool,
    is_log_wrapped: bool,
    metrics_range: i32,
}

impl Default for LooksRust {
    fn default() -> Self {
        Self {
            is_grouped: true,
            has_address: true,
            has_uptime: true,
            has_restarts: true,
            has_cpu: true,
            has_memory: true,
            has_graphs: true,
            is_log_wrapped: true,
            metrics_range: 0,
        }
    }
}

impl cxx_qt::Initialize for ffi::Looks {
    fn initialize(self: Pin<&mut Self>) {
        self.tell();
    }
}

impl ffi::Looks {
    fn group(self: Pin<&mut Self>, is_grouped: bool) {
        Desk::ask(Ask::Flat(!is_grouped));
        self.change(|memory| memory.is_flat = !is_grouped);
    }

    fn show_column(self: Pin<&mut Self>, column: ffi::ListColumn, is_shown: bool) {
        let all =
            [Column::Address, Column::Uptime, Column::Restarts, Column::Cpu, Column::Memory, Column::Graphs];
        let Some(column) = all.into_iter().find(|it| to_qml(*it) == column) else { return };
        self.change(|memory| {
            if is_shown {
                memory.hidden.remove(&column);
            } else {
                memory.hidden.insert(column);
            }
        });
    }

    fn wrap_logs(self: Pin<&mut Self>, is_wrapped: bool) {
        self.change(|memory| memory.is_log_cut = !is_wrapped);
    }

    fn choose_range(self: Pin<&mut Self>, range: i32) {
        self.change(|memory| memory.metrics_range = usize::try_from(range).unwrap_or_default());
    }

    fn change(self: Pin<&mut Self>, change: impl FnOnce(&mut Memory)) {
        memory::change(change);
        COUNTER.ask(Errand::Remember);
        self.tell();
    }

    fn tell(mut self: Pin<&mut Self>) {
        let memory = memory::now();
        let has = |column| !memory.hidden.contains(&column);
        let range = memory.metrics_range.min(ostler_view::MetricsRange::ALL.len() - 1);
        put!(self.is_grouped = !memory.is_flat, is_grouped_changed);
        put!(self.has_address = has(Column::Address), has_address_changed);
        put!(self.has_uptime = has(Column::Uptime), has_uptime_changed);
        put!(self.has_restarts = has(Column::Restarts), has_restarts_changed);
        put!(self.has_cpu = has(Column::Cpu), has_cpu_changed);
        put!(self.has_memory = has(Column::Memory), has_memory_changed);
        put!(self.has_graphs = has(Column::Graphs), has_graphs_changed);
        put!(self.is_log_wrapped = !memory.is_log_cut, is_log_wrapped_changed);
        put!(self.metrics_range = i32::try_from(range).unwrap_or_default(), metrics_range_changed);
    }
}

fn to_qml(column: Column) -> ffi::ListColumn {
    match column {
        Column::Address => ffi::ListColumn::AddressColumn,
        Column::Uptime => ffi::ListColumn::UptimeColumn,
        Column::Restarts => ffi::ListColumn::RestartsColumn,
        Column::Cpu => ffi::ListColumn::CpuColumn,
        Column::Memory => ffi::ListColumn::MemoryColumn,
        Column::Graphs => ffi::ListColumn::GraphsColumn,
    }
}
