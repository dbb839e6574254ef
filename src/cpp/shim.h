// What cxx-qt-lib does not bind.
#pragma once

#include <QtGui/QGuiApplication>
#include <QtGui/QIcon>
#include <QtGui/QSessionManager>

#include "rust/cxx.h"

namespace ostler {

// Closing the last window leaves the app in the tray.
inline void keep_running_without_windows() { QGuiApplication::setQuitOnLastWindowClosed(false); }

// The icon of all windows, from a resource.
inline void set_window_icon(const QString &resource) { QGuiApplication::setWindowIcon(QIcon(resource)); }

// The session ends: nothing here asks back. It is the autostart entry that brings the app back, not the session.
inline void when_session_ends(rust::Fn<void()> ends)
{
    QObject::connect(qGuiApp, &QGuiApplication::commitDataRequest, qGuiApp, [ends](QSessionManager &manager) {
        manager.setRestartHint(QSessionManager::RestartNever);
        ends();
    });
}

// Qt's Wayland windows read it from there when they are raised.
inline void set_activation_token(const QString &token) { qputenv("XDG_ACTIVATION_TOKEN", token.toUtf8()); }

} // namespace ostler
