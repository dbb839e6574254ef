import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// The rows of a table below its TableHeads: one Tab stop, moved through by keys.
ListView {
    id: root

    property string label: ""

    clip: true
    focus: true
    activeFocusOnTab: true
    highlightMoveDuration: 0
    boundsBehavior: Flickable.StopAtBounds

    Accessible.role: Accessible.List
    Accessible.name: root.label

    T.ScrollBar.vertical: BaseScrollBar {
    }

    Keys.onPressed: event => {
        if (event.key === Qt.Key_Home)
            root.currentIndex = 0;
        else if (event.key === Qt.Key_End)
            root.currentIndex = root.count - 1;
        else
            return;
        event.accepted = true;
    }
}
