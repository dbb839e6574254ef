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

    // The page that is shown, an action of the registry.
    property int page: Actions.ServicesPage

    function turnTo(page: int) {
        root.page = page;
        if (page === Actions.ServicesPage)
            services.focusList();
    }

    function openService(service: string, tab: int) {
        root.turnTo(Actions.ServicesPage);
        services.openDetail(service);
        services.showTab(tab);
    }

    // What the registry leaves to the window.
    function perform(action: int, service: string) {
        switch (action) {
        case Actions.ServicesPage:
        case Actions.EventsPage:
        case Actions.ConnectionsPage:
        case Actions.SettingsPage:
        case Actions.DoctorPage:
        case Actions.KeyboardPage:
        case Actions.AboutPage:
            root.turnTo(action);
            break;
        case Actions.Palette:
            palette.open();
            break;
        case Actions.GoToService:
            root.turnTo(Actions.ServicesPage);
            services.goTo(ServicesModel.rowOf(service));
            break;
        case Actions.Stop:
            services.askOrder(Actions.StopThem, [service]);
            break;
        case Actions.StopAll:
            services.askOrder(Actions.StopThem, []);
            break;
        case Actions.RestartAll:
            services.askOrder(Actions.RestartThem, []);
            break;
        case Actions.ShowLog:
            root.openService(service, DetailPane.Logs);
            break;
        case Actions.OpenUrl:
            Qt.openUrlExternally(Actions.url(service));
            break;
        case Actions.CopyUrl:
            clipboard.copyText(Actions.url(service));
            break;
        case Actions.SelectAll:
            root.turnTo(Actions.ServicesPage);
            ServicesModel.selectAll();
            break;
        case Actions.Filter:
            root.turnTo(Actions.ServicesPage);
            services.focusFilter();
            break;
        case Actions.NextProblem:
        case Actions.PreviousProblem:
            root.turnTo(Actions.ServicesPage);
            services.goToProblem(action === Actions.NextProblem);
            break;
        case Actions.EditConfig:
            ConfigDocument.openEditor(ConfigDocument.TextView, "");
            break;
        case Actions.ChangeMode:
            modeMenu.popup(header, header.width - modeMenu.implicitWidth - Metrics.px(52), header.height);
            break;
        case Actions.Diagnostics:
            diagnostics.open();
            break;
        case Actions.CloseWindow:
            root.close();
            break;
        case Actions.Quit:
            App.quit();
            break;
        }
    }

    // From the header to the page to the footer and on.
    function goRound(step: int) {
        let at = 1;
        for (let item = root.activeFocusItem; item; item = item.parent) {
            if (item === header)
                at = 0;
            else if (item === footer)
                at = 2;
        }
        switch ((at + step + 3) % 3) {
        case 0:
            header.takeFocus();
            break;
        case 1:
            if (root.page === Actions.ServicesPage)
                services.focusList();
            else
                other.item.forceActiveFocus(Qt.TabFocusReason);
            break;
        case 2:
            footer.takeFocus();
            break;
        }
    }

    function comeForward() {
        place.present();
        root.raise();
        root.requestActivate();
    }

    onVisibleChanged: {
        App.setVisible(root.visible);
        if (!root.visible)
            place.keep();
    }

    Component.onCompleted: {
        App.setDark(Theme.isDark);
        place.restore();
        if (!App.startsHidden)
            place.present();
    }

    Binding {
        target: Theme
        property: "isLightWanted"
        value: Settings.theme === App.Light
    }

    Binding {
        target: Theme
        property: "isDarkWanted"
        value: Settings.theme === App.Dark
    }

    Binding {
        target: Theme
        property: "isContrast"
        value: Settings.theme === App.HighContrast
    }

    Binding {
        target: Metrics
        property: "isContrast"
        value: Settings.theme === App.HighContrast
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
            place.keep();
            Qt.quit();
        }
    }

    Connections {
        target: Actions

        function onWanted(action: int, service: string) {
            root.perform(action, service);
        }
    }

    ActionShortcuts {
        service: root.page === Actions.ServicesPage ? services.currentService : ""
    }

    WindowPlace {
        id: place

        window: root
    }

    Shortcut {
        sequence: "F6"
        onActivated: root.goRound(1)
    }

    Shortcut {
        sequence: "Shift+F6"
        onActivated: root.goRound(-1)
    }

    AppHeader {
        id: header

        width: parent.width
        page: root.page
        onPaletteWanted: root.perform(Actions.Palette, "")
        onProblemWanted: root.perform(Actions.GoToService, Supervisor.firstProblem)
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
        visible: root.page === Actions.ServicesPage
        focus: visible
    }

    Loader {
        id: other

        anchors.fill: services
        active: root.page !== Actions.ServicesPage
        focus: active
        sourceComponent: root.page === Actions.EventsPage ? events : root.page === Actions.ConnectionsPage ? connections : root.page === Actions.SettingsPage ? settings : root.page === Actions.DoctorPage ? doctor : root.page === Actions.KeyboardPage ? keyboard : root.page === Actions.AboutPage ? about : undefined
        onLoaded: item.forceActiveFocus(Qt.OtherFocusReason)
    }

    Component {
        id: events

        EventsPage {
            onLeaving: root.turnTo(Actions.ServicesPage)
            onCopyWanted: text => clipboard.copyText(text)
        }
    }

    Component {
        id: connections

        ConnectionsPage {
            onLeaving: root.turnTo(Actions.ServicesPage)
        }
    }

    Component {
        id: settings

        SettingsPage {
            onLeaving: root.turnTo(Actions.ServicesPage)
        }
    }

    Component {
        id: doctor

        DoctorPage {
            onLeaving: root.turnTo(Actions.ServicesPage)
        }
    }

    Component {
        id: keyboard

        KeyboardPage {
            onLeaving: root.turnTo(Actions.ServicesPage)
        }
    }

    Component {
        id: about

        AboutPage {
            onLeaving: root.turnTo(Actions.ServicesPage)
            onCopyWanted: text => clipboard.copyText(text)
            onDiagnosticsWanted: root.perform(Actions.Diagnostics, "")
            onDoctorWanted: root.turnTo(Actions.DoctorPage)
        }
    }

    AppFooter {
        id: footer

        anchors.bottom: parent.bottom
        width: parent.width
    }

    AppMenu {
        id: appMenu
    }

    CommandPalette {
        id: palette

        current: root.page === Actions.ServicesPage ? services.currentService : ""
    }

    SaveDiagnosticsDialog {
        id: diagnostics
    }

    Clipboard {
        id: clipboard
    }

    ModeMenu {
        id: modeMenu
    }

    DesktopLinks {
        window: root
        onServiceWanted: service => root.openService(service, DetailPane.Overview)
        onLogsWanted: service => root.openService(service, DetailPane.Logs)
        onConfigWanted: root.perform(Actions.EditConfig, "")
        onRestartAllWanted: root.perform(Actions.RestartAll, "")
    }

    Loader {
        id: editorLoader

        active: false
        sourceComponent: ConfigEditor {
        }
    }

    Connections {
        target: ConfigDocument

        function onEditorRequested(view: int, service: string) {
            editorLoader.active = true;
            (editorLoader.item as ConfigEditor).show(view, service);
        }
    }
}
