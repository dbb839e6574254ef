import QtQuick
import QtQuick.Controls
import dev.ostler.app

// The window.
ApplicationWindow {
    id: root

    width: 1280
    height: 800
    minimumWidth: 640
    minimumHeight: 480
    visible: false
    title: Supervisor.title === "" ? "Ostler" : qsTr("%1 – Ostler").arg(Supervisor.title)
    color: Theme.base
    LayoutMirroring.enabled: Qt.application.layoutDirection === Qt.RightToLeft
    LayoutMirroring.childrenInherit: true

    function comeForward() {
        root.show();
        root.raise();
        root.requestActivate();
    }

    onVisibleChanged: App.setVisible(root.visible)

    Component.onCompleted: {
        App.setDark(Theme.isDark);
        if (!App.startsHidden)
            root.show();
    }

    Binding {
        target: Theme
        property: "isLightWanted"
        value: App.theme === App.Light
    }

    Binding {
        target: Theme
        property: "isDarkWanted"
        value: App.theme === App.Dark
    }

    Binding {
        target: Theme
        property: "isContrast"
        value: App.theme === App.HighContrast
    }

    Binding {
        target: Metrics
        property: "isContrast"
        value: App.theme === App.HighContrast
    }

    Binding {
        target: Metrics
        property: "isMotionReduced"
        value: App.isMotionReduced
    }

    Connections {
        target: Theme

        function onIsDarkChanged() {
            App.setDark(Theme.isDark);
        }
    }

    Connections {
        target: App

        function onShowRequested() {
            Qt.callLater(root.comeForward);
        }

        function onToggleRequested() {
            if (root.visible && root.active)
                root.close();
            else
                Qt.callLater(root.comeForward);
        }

        function onQuitReady() {
            Qt.quit();
        }
    }

    Shortcut {
        sequence: "/"
        onActivated: services.focusFilter()
    }

    Shortcut {
        sequence: "Ctrl+R"
        enabled: services.hasService && services.currentRow.canRestart
        onActivated: ServicesModel.restart(services.currentRow.name)
    }

    Shortcut {
        sequences: ["Ctrl+Return", "Ctrl+Enter"]
        enabled: services.hasService && services.currentRow.canStart
        onActivated: ServicesModel.start(services.currentRow.name)
    }

    Shortcut {
        sequence: "Ctrl+."
        enabled: services.hasService && services.currentRow.canStop
        onActivated: ServicesModel.stop(services.currentRow.name)
    }

    Shortcut {
        sequence: "Ctrl+O"
        enabled: services.hasService && services.currentRow.url !== ""
        onActivated: Qt.openUrlExternally(services.currentRow.url)
    }

    Shortcut {
        sequence: "Ctrl+Shift+C"
        enabled: services.hasService && services.currentRow.url !== ""
        onActivated: services.copyUrl()
    }

    Shortcut {
        sequence: "F8"
        onActivated: services.goToProblem(true)
    }

    Shortcut {
        sequence: "Shift+F8"
        onActivated: services.goToProblem(false)
    }

    Shortcut {
        sequence: "Ctrl+W"
        onActivated: root.close()
    }

    Shortcut {
        sequence: "Ctrl+Q"
        onActivated: App.quit()
    }

    AppHeader {
        id: header

        width: parent.width
        onProblemWanted: services.goTo(ServicesModel.rowOf(Supervisor.firstProblem))
        onMenuWanted: anchor => appMenu.popup(anchor, anchor.width - appMenu.implicitWidth, anchor.height + 4)
        onModeMenuWanted: anchor => modeMenu.popup(anchor, 0, anchor.height + 4)
    }

    AppBanner {
        id: banner

        anchors.top: header.bottom
        width: parent.width
    }

    ServicesPage {
        id: services

        anchors.top: banner.bottom
        anchors.bottom: footer.top
        width: parent.width
        focus: true
    }

    AppFooter {
        id: footer

        anchors.bottom: parent.bottom
        width: parent.width
    }

    AppMenu {
        id: appMenu

        onCloseWanted: root.close()
    }

    ModeMenu {
        id: modeMenu
    }

    DesktopLinks {
        window: root
        onServiceWanted: service => services.openDetail(service)
        onLogsWanted: service => {
            services.openDetail(service);
            services.showTab(DetailPane.Logs);
        }
        onConfigWanted: Qt.openUrlExternally("file://" + Supervisor.configPath)
    }
}
