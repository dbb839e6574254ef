//! What cxx-qt-lib does not bind of the application object and of the tray.

#[cxx_qt::bridge]
pub(crate) mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;
        include!("cxx-qt-lib/qbytearray.h");
        type QByteArray = cxx_qt_lib::QByteArray;

        include!("ostler-tray/shim.h");
        /// Closing the last window leaves the app in the tray.
        #[namespace = "ostler"]
        fn keep_running_without_windows();
        /// The icon of all windows, from a resource.
        #[namespace = "ostler"]
        fn set_window_icon(resource: &QString);
        /// Calls this when the session ends.
        #[namespace = "ostler"]
        fn when_session_ends(ends: fn());
        /// What allows the next raising of a window; the window system gave it to whoever wants it.
        #[namespace = "ostler"]
        fn set_activation_token(token: &QString);

        /// The languages that the person reads, best first, parted by commas.
        #[namespace = "ostler"]
        fn system_languages() -> QString;
        /// All of the window is mirrored.
        #[namespace = "ostler"]
        fn write_from_right_to_left();
        /// Looks sentences up: by the English one, its meaning and its count, which is negative without one.
        #[namespace = "ostler"]
        fn install_translator(find: fn(&str, &str, i32) -> String);

        include!("ostler-tray/embed.h");
        /// Looks for a tray that takes Qt's icon from now on.
        #[namespace = "ostler"]
        fn embed_open(chosen: fn(i32), reachable: fn(bool));
        /// Takes the icon away.
        #[namespace = "ostler"]
        fn embed_close();
        /// The next picture of the icon, PNG.
        #[namespace = "ostler"]
        fn embed_icon_add(png: &QByteArray);
        /// Shows the pictures.
        #[namespace = "ostler"]
        fn embed_icon_end();
        /// The tooltip.
        #[namespace = "ostler"]
        fn embed_tooltip(text: &QString);
        /// The next line of the menu.
        #[namespace = "ostler"]
        fn embed_menu_add(depth: i32, kind: i32, id: i32, label: &QString, is_on: bool);
        /// Shows the lines.
        #[namespace = "ostler"]
        fn embed_menu_end();
        /// Shows something at the icon, or nothing any more.
        #[namespace = "ostler"]
        fn embed_tell(title: &QString, text: &QString, is_trouble: bool);
    }
}
