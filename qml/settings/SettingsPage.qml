import QtQuick
import dev.ostler.app

// What can be set in the app. What concerns services is in the configuration.
MenuPage {
    id: root

    title: qsTr("Settings")
    sentence: qsTr("They concern this app. Services are set up in %1.").arg(Supervisor.configPath)
    columnWidth: Metrics.px(560)
    onVisibleChanged: if (visible)
        Settings.refresh()

    SettingRow {
        width: parent.width
        title: qsTr("Theme")
        sentence: qsTr("System follows the colours of the desktop, at once.")

        BaseComboBox {
            label: qsTr("Theme")
            model: [qsTr("System"), qsTr("Light"), qsTr("Dark"), qsTr("High contrast")]
            currentIndex: Settings.theme
            onActivated: index => Settings.chooseTheme(index)
        }
    }

    SettingRow {
        width: parent.width
        title: qsTr("Start at login")
        sentence: Settings.isAutostarted ? qsTr("The session starts Ostler without a window: %1").arg(Settings.autostartPlace) : qsTr("Ostler starts when you open it.")
        trouble: Settings.autostartTrouble

        BaseSwitch {
            label: qsTr("Start at login")
            checked: Settings.isAutostarted
            onToggled: {
                Settings.chooseAutostart(checked);
                checked = Qt.binding(() => Settings.isAutostarted);
            }
        }
    }

    component SwitchRow: SettingRow {
        id: row

        required property int switchId
        required property bool isOn

        width: parent ? parent.width : 0

        BaseSwitch {
            label: row.title
            checked: row.isOn
            onToggled: {
                Settings.choose(row.switchId, checked);
                checked = Qt.binding(() => row.isOn);
            }
        }
    }

    SwitchRow {
        switchId: Settings.StartHidden
        isOn: Settings.isStartHidden
        title: qsTr("No window at login")
        sentence: qsTr("Started with the session, Ostler waits in the tray.")
    }

    SwitchRow {
        switchId: Settings.CloseToTray
        isOn: Settings.isCloseToTray
        title: qsTr("Close to the tray")
        sentence: App.hasTray ? qsTr("Closing the window leaves Ostler in the tray. Quit is in its menu.") : qsTr("There is no tray now, so closing the window quits Ostler.")
    }

    SwitchRow {
        switchId: Settings.TrayIcon
        isOn: Settings.hasTrayIcon
        title: qsTr("Tray icon")
        sentence: qsTr("Without it, closing the window quits Ostler.")
    }

    SettingRow {
        width: parent.width
        title: qsTr("Colour of the tray icon")
        sentence: qsTr("Automatic is bright or dark as the theme is. Without colour its states differ by shape all the same.")

        BaseComboBox {
            label: qsTr("Colour of the tray icon")
            enabled: Settings.hasTrayIcon
            model: [qsTr("Automatic"), qsTr("Light"), qsTr("Dark"), qsTr("Coloured")]
            currentIndex: Settings.trayColour
            onActivated: index => Settings.chooseTrayColour(index)
        }
    }

    SettingRow {
        width: parent.width
        title: qsTr("When Ostler quits")
        sentence: qsTr("What becomes of services that run. Kept, they go on in the background and are there at the next start.")

        BaseComboBox {
            label: qsTr("When Ostler quits")
            //: What quitting does with services that run
            model: [qsTr("Ask"), qsTr("Keep services"), qsTr("Stop services")]
            currentIndex: Settings.quitAnswer
            onActivated: index => Settings.chooseQuitAnswer(index)
        }
    }

    SwitchRow {
        switchId: Settings.Notifications
        isOn: Settings.hasNotifications
        title: qsTr("Notifications")
        sentence: qsTr("When a service fails, crashes again and again, or is back; none while the window is in front.")
    }
}
