import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// A menu.
T.Menu {
    id: root

    implicitWidth: Math.max(Metrics.px(180), contentWidth + leftPadding + rightPadding)
    implicitHeight: contentHeight + topPadding + bottomPadding
    margins: Metrics.px(4)
    padding: Metrics.px(4)
    overlap: 1

    delegate: BaseMenuItem {
    }

    contentItem: ListView {
        implicitHeight: contentHeight
        model: root.contentModel
        currentIndex: root.currentIndex
        interactive: Window.window ? contentHeight + root.topPadding + root.bottomPadding > Window.window.height : false
        clip: interactive
    }

    background: Rectangle {
        radius: Metrics.popupRadius
        color: Theme.raised
        border.width: Metrics.lineWidth
        border.color: Theme.edge
    }
}
