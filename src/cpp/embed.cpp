#include "ostler-tray/embed.h"

#include <QtCore/QAbstractNativeEventFilter>
#include <QtCore/QTimer>
#include <QtGui/QActionGroup>
#include <QtGui/QGuiApplication>
#include <QtWidgets/QMenu>
#include <QtWidgets/QSystemTrayIcon>
#include <memory>
#include <vector>

namespace ostler {

namespace {

enum Kind { Text, Separator, Action, Choice, Submenu };

struct Line
{
    int depth;
    int kind;
    int id;
    QString label;
    bool isOn;
};

// Elsewhere Qt has no icon of its own: on Wayland it would be one more StatusNotifierItem.
bool canEmbed()
{
    const QString platform = QGuiApplication::platformName();
    return platform == QLatin1String("xcb") || platform == QLatin1String("windows") || platform == QLatin1String("cocoa");
}

// Qt tells nobody when a tray appears or goes; the X server does. On Windows Qt itself comes back after the taskbar.
class Embed : public QObject, public QAbstractNativeEventFilter
{
public:
    Embed(rust::Fn<void(std::int32_t)> chosen, rust::Fn<void(bool)> reachable)
        : m_chosen(chosen), m_reachable(reachable)
    {
        m_icon.setContextMenu(&m_menu);
        connect(&m_icon, &QSystemTrayIcon::activated, this, [this](QSystemTrayIcon::ActivationReason reason) {
            if (reason == QSystemTrayIcon::Trigger)
                m_chosen(-1);
            else if (reason == QSystemTrayIcon::MiddleClick)
                m_chosen(-2);
        });
        connect(&m_icon, &QSystemTrayIcon::messageClicked, this, [this] { m_chosen(-3); });
        // Lines of an open menu stay as they are.
        connect(&m_menu, &QMenu::aboutToHide, this, [this] {
            if (m_isOld)
                QTimer::singleShot(0, this, &Embed::showMenu);
        });
        qGuiApp->installNativeEventFilter(this);
        look();
    }

    ~Embed() override { qGuiApp->removeNativeEventFilter(this); }

    bool nativeEventFilter(const QByteArray &type, void *message, qintptr *) override
    {
        // The first byte of an event is its kind; the highest bit says who sent it.
        constexpr quint8 destroyNotify = 17, clientMessage = 33;
        if (type == "xcb_generic_event_t") {
            const quint8 kind = *static_cast<const quint8 *>(message) & 0x7f;
            if ((kind == destroyNotify || kind == clientMessage) && !m_isLooking) {
                m_isLooking = true;
                QTimer::singleShot(0, this, &Embed::look);
            }
        }
        return false;
    }

    void look()
    {
        m_isLooking = false;
        const bool isThere = canEmbed() && QSystemTrayIcon::isSystemTrayAvailable();
        if (isThere == m_isThere)
            return;
        m_isThere = isThere;
        if (!m_icon.icon().isNull())
            m_icon.setVisible(isThere);
        m_reachable(isThere);
    }

    void showIcon()
    {
        QIcon icon;
        for (const QPixmap &picture : m_pictures)
            icon.addPixmap(picture);
        m_pictures.clear();
        m_icon.setIcon(icon);
        m_icon.setVisible(m_isThere);
    }

    void takeMenu()
    {
        m_lines = std::move(m_next);
        m_next.clear();
        showMenu();
    }

    void showMenu()
    {
        if (m_menu.isVisible()) {
            m_isOld = true;
            return;
        }
        m_isOld = false;
        m_menu.clear();
        m_submenus.clear();
        std::vector<QMenu *> open{&m_menu};
        QActionGroup *group = nullptr;
        for (const Line &line : m_lines) {
            open.resize(std::min<size_t>(open.size(), line.depth + 1));
            QMenu *menu = open.back();
            if (line.kind == Submenu) {
                m_submenus.push_back(std::make_unique<QMenu>(line.label));
                menu->addMenu(m_submenus.back().get());
                open.push_back(m_submenus.back().get());
                group = new QActionGroup(m_submenus.back().get());
                continue;
            }
            if (line.kind == Separator) {
                menu->addSeparator();
                continue;
            }
            QAction *action = menu->addAction(line.label);
            action->setEnabled(line.kind == Choice || (line.kind == Action && line.isOn));
            if (line.kind == Choice) {
                action->setCheckable(true);
                action->setChecked(line.isOn);
                group->addAction(action);
            }
            connect(action, &QAction::triggered, this, [this, id = line.id] { m_chosen(id); });
        }
    }

    void tell(const QString &title, const QString &text, bool isTrouble)
    {
        m_icon.showMessage(title, text, isTrouble ? QSystemTrayIcon::Warning : QSystemTrayIcon::Information);
    }

    QSystemTrayIcon m_icon;
    std::vector<QPixmap> m_pictures;
    std::vector<Line> m_next;

private:
    std::vector<Line> m_lines;
    rust::Fn<void(std::int32_t)> m_chosen;
    rust::Fn<void(bool)> m_reachable;
    QMenu m_menu;
    std::vector<std::unique_ptr<QMenu>> m_submenus;
    bool m_isThere = false;
    bool m_isLooking = false;
    bool m_isOld = false;
};

// Only the Qt thread comes here.
std::unique_ptr<Embed> theEmbed;

} // namespace

void embed_open(rust::Fn<void(std::int32_t)> chosen, rust::Fn<void(bool)> reachable)
{
    if (theEmbed)
        return;
    theEmbed = std::make_unique<Embed>(chosen, reachable);
    // A window of the icon must not outlive the application.
    QObject::connect(qGuiApp, &QCoreApplication::aboutToQuit, theEmbed.get(), [] { embed_close(); });
}

void embed_close()
{
    if (theEmbed)
        theEmbed.release()->deleteLater();
}

void embed_icon_add(const QByteArray &png)
{
    if (theEmbed)
        theEmbed->m_pictures.push_back(QPixmap::fromImage(QImage::fromData(png, "PNG")));
}

void embed_icon_end()
{
    if (theEmbed)
        theEmbed->showIcon();
}

void embed_tooltip(const QString &text)
{
    if (!theEmbed)
        return;
#ifdef Q_OS_WIN
    // The taskbar shows it, which knows no markup and takes 127 characters: the first lines matter most.
    theEmbed->m_icon.setToolTip(text);
#else
    theEmbed->m_icon.setToolTip(QLatin1String("<p style='white-space:pre'>") + text.toHtmlEscaped() + QLatin1String("</p>"));
#endif
}

void embed_menu_add(std::int32_t depth, std::int32_t kind, std::int32_t id, const QString &label, bool isOn)
{
    if (!theEmbed)
        return;
    QString words = label;
    theEmbed->m_next.push_back({depth, kind, id, words.replace(QLatin1Char('&'), QLatin1String("&&")), isOn});
}

void embed_menu_end()
{
    if (!theEmbed)
        return;
    theEmbed->takeMenu();
}

void embed_tell(const QString &title, const QString &text, bool isTrouble)
{
    if (theEmbed)
        theEmbed->tell(title, text, isTrouble);
}

} // namespace ostler
