// What cxx-qt-lib does not bind.
#pragma once

#include <QtGui/QGuiApplication>
#include <QtGui/QIcon>

namespace ostler {

// Closing the last window leaves the app in the tray.
inline void keep_running_without_windows() { QGuiApplication::setQuitOnLastWindowClosed(false); }

// The icon of all windows, from a resource.
inline void set_window_icon(const QString &resource) { QGuiApplication::setWindowIcon(QIcon(resource)); }

} // namespace ostler
