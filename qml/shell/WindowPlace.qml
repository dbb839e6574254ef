import QtQuick
import QtQuick.Window
import dev.ostler.app

// Where the window is, kept for the next time. What it was before it filled the screen is kept too.
Item {
    id: root

    required property Window window
    // Where it is or was before it filled the screen, where it was put, and what the window manager made of that.
    property rect normal: Qt.rect(0, 0, 0, 0)
    property rect wanted: Qt.rect(0, 0, 0, 0)
    property rect given: Qt.rect(0, 0, 0, 0)

    // Puts the window where it was, if that can be reached on one of the screens.
    function restore() {
        let screens = [];
        for (let i = 0; i < Qt.application.screens.length; ++i) {
            const screen = Qt.application.screens[i];
            screens.push(screen.virtualX, screen.virtualY, screen.width, screen.height);
        }
        const place = Settings.windowPlace(screens);
        if (place.width <= 0) {
            // The first time: no larger than what panels and a frame leave of the screen.
            root.window.width = Math.min(root.window.width, Math.max(root.window.minimumWidth, Screen.desktopAvailableWidth - Metrics.px(8)));
            root.window.height = Math.min(root.window.height, Math.max(root.window.minimumHeight, Screen.desktopAvailableHeight - Metrics.px(32)));
            return;
        }
        root.window.width = place.width;
        root.window.height = place.height;
        root.window.x = place.x;
        root.window.y = place.y;
        root.normal = place;
        root.wanted = place;
        root.isMaximized = Settings.wasMaximized();
    }

    // Shows the window as it was: to show it would make one that filled the screen small.
    function present() {
        if (root.isMaximized)
            root.window.showMaximized();
        else
            root.window.show();
    }

    function note() {
        if (root.window.visibility === Window.Windowed)
            root.normal = Qt.rect(root.window.x, root.window.y, root.window.width, root.window.height);
    }

    // A window that nobody moved stays where it was put: some window managers count its frame and some do not, and
    // it would wander by that with every start.
    function keep() {
        const isUntouched = root.wanted.width > 0 && root.normal === root.given;
        const place = isUntouched ? root.wanted : root.normal;
        if (place.width > 0)
            Settings.keepWindow(place, root.isMaximized);
    }

    // Asked for while the window can be seen: a hidden one is neither.
    property bool isMaximized: false

    visible: false

    Connections {
        target: root.window

        function onXChanged() {
            root.note();
        }

        function onYChanged() {
            root.note();
        }

        function onWidthChanged() {
            root.note();
        }

        function onHeightChanged() {
            root.note();
        }

        function onActiveChanged() {
            if (!root.window.active || root.given.width > 0 || root.window.visibility !== Window.Windowed)
                return;
            root.note();
            root.given = root.normal;
        }

        function onVisibilityChanged() {
            if (root.window.visibility === Window.Maximized)
                root.isMaximized = true;
            else if (root.window.visibility === Window.Windowed)
                root.isMaximized = false;
            root.note();
        }
    }
}
