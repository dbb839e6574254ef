// What cxx-qt-lib does not bind.
#pragma once

#include <QtGui/QGuiApplication>
#include <QtGui/QIcon>
#include <QtGui/QSessionManager>
#include <QtCore/QLocale>
#include <QtCore/QTranslator>

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

// The languages that the person reads, best first, parted by commas.
inline QString system_languages() { return QLocale::system().uiLanguages().join(QLatin1Char(',')); }

inline void write_from_right_to_left() { QGuiApplication::setLayoutDirection(Qt::RightToLeft); }

// Looks sentences up in Rust; what is not found stays as it is written.
class Translator : public QTranslator
{
public:
    using Find = rust::Fn<rust::String(rust::Str, rust::Str, std::int32_t)>;

    Translator(Find find, QObject *parent) : QTranslator(parent), m_find(find) {}

    QString translate(const char *, const char *sentence, const char *meaning, int count) const override
    {
        const rust::String found = m_find(sentence, meaning ? meaning : "", count);
        return found.empty() ? QString() : QString::fromUtf8(found.data(), qsizetype(found.size()));
    }

    bool isEmpty() const override { return false; }

private:
    Find m_find;
};

inline void install_translator(Translator::Find find) { QCoreApplication::installTranslator(new Translator(find, qGuiApp)); }

} // namespace ostler
