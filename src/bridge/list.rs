//! What every list model does alike: a change of its rows stands between the begin and the end that Qt wants around it.
//!
//! The declarations of these functions cannot be shared: the generator of the bridge reads them before macros are
//! expanded.

/// Gives a model the changes of its rows. With the type of a row and the number of a role it applies patches too.
macro_rules! list_model {
    ($model:ty, $held:ty) => {
        impl $model {
            fn row_count(&self, parent: &cxx_qt_lib::QModelIndex) -> i32 {
                if parent.is_valid() { 0 } else { $crate::bridge::to_i32(self.rows.len()) }
            }

            /// Rows come: `change` puts them in.
            fn inserting(
                mut self: std::pin::Pin<&mut Self>,
                at: usize,
                count: usize,
                change: impl FnOnce(&mut $held),
            ) {
                let root = cxx_qt_lib::QModelIndex::default();
                let (first, last) = ($crate::bridge::to_i32(at), $crate::bridge::to_i32(at + count - 1));
                // SAFETY: begin and end stand around the one change they announce, on the thread of the model.
                unsafe { self.as_mut().begin_insert_rows(&root, first, last) };
                change(self.as_mut().rust_mut().get_mut());
                // SAFETY: as above.
                unsafe { self.end_insert_rows() };
            }

            /// Rows go: `change` takes them out.
            fn removing<T>(
                mut self: std::pin::Pin<&mut Self>,
                at: usize,
                count: usize,
                change: impl FnOnce(&mut $held) -> T,
            ) -> T {
                let root = cxx_qt_lib::QModelIndex::default();
                let (first, last) = ($crate::bridge::to_i32(at), $crate::bridge::to_i32(at + count - 1));
                // SAFETY: begin and end stand around the one change they announce, on the thread of the model.
                unsafe { self.as_mut().begin_remove_rows(&root, first, last) };
                let gone = change(self.as_mut().rust_mut().get_mut());
                // SAFETY: as above.
                unsafe { self.end_remove_rows() };
                gone
            }

            /// Rows say something else in these roles.
            fn announce(self: std::pin::Pin<&mut Self>, first: usize, last: usize, roles: Vec<i32>) {
                let root = cxx_qt_lib::QModelIndex::default();
                let first = self.index($crate::bridge::to_i32(first), 0, &root);
                let last = self.index($crate::bridge::to_i32(last), 0, &root);
                self.data_changed(&first, &last, &cxx_qt_lib::QList::from(roles));
            }
        }
    };
    ($model:ty, $held:ty, $line:ty, $role:expr) => {
        $crate::bridge::list::list_model!($model, $held);

        impl $model {
            fn patch(mut self: std::pin::Pin<&mut Self>, patches: Vec<ostler_view::Patch<$line>>) {
                use ostler_view::Patch;
                for patch in patches {
                    match patch {
                        Patch::Remove { at, count } => {
                            self.as_mut().removing(at, count, |held| drop(held.rows.drain(at..at + count)));
                        }
                        Patch::Insert { at, rows } => {
                            let count = rows.len();
                            self.as_mut().inserting(at, count, |held| drop(held.rows.splice(at..at, rows)));
                        }
                        Patch::Move { from, to } => self.as_mut().move_up(from, to),
                        Patch::Change { at, row, roles } => {
                            self.as_mut().rust_mut().rows[at] = row;
                            let roles = roles.into_iter().map($role).collect();
                            self.as_mut().announce(at, at, roles);
                        }
                    }
                }
            }

            fn move_up(mut self: std::pin::Pin<&mut Self>, from: usize, to: usize) {
                let root = cxx_qt_lib::QModelIndex::default();
                let (source, target) = ($crate::bridge::to_i32(from), $crate::bridge::to_i32(to));
                // SAFETY: begin and end stand around the one change they announce, on the thread of the model.
                if !unsafe { self.as_mut().begin_move_rows(&root, source, source, &root, target) } {
                    return;
                }
                self.as_mut().rust_mut().rows[to..=from].rotate_right(1);
                // SAFETY: as above.
                unsafe { self.end_move_rows() };
            }
        }
    };
}
pub(crate) use list_model;
