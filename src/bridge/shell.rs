//! What cxx-qt-lib does not bind of the application object.

#[cxx_qt::bridge]
pub(crate) mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;

        include!("ostler-tray/shim.h");
        /// Closing the last window leaves the app in the tray.
        #[namespace = "ostler"]
        fn keep_running_without_windows();
        /// The icon of all windows, from a resource.
        #[namespace = "ostler"]
        fn set_window_icon(resource: &QString);
    }
}
