import QtQuick
import QtQuick.Window
import dev.ostler.app

// Where the window is, kept for the next time. What it was before it filled the screen is kept too.
Item {
    id: root

    required property Window window
    property rect normal: Qt.rect(0, 0, 0, 0)

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
        if (Settings.wasMaximized())
            root.window.visibility = Window.Maximized;
    }

    function note() {
        if (root.window.visibility === Window.Windowed)
            root.normal = Qt.rect(root.window.x, root.window.y, root.window.width, root.window.height);
    }

    function keep() {
        if (root.normal.width > 0)
            Settings.keepWindow(root.normal, root.isMaximized);
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

        function onVisibilityChanged() {
            if (root.window.visibility === Window.Maximized)
                root.isMaximized = true;
            else if (root.window.visibility === Window.Windowed)
                root.isMaximized = false;
        }
    }
}
