import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// A menu.
T.Menu {
    id: root

    // Measured when it opens: words that come later than the lines do not count in `contentWidth`.
    property real widest: 0

    implicitWidth: Math.max(Metrics.px(180), widest + leftPadding + rightPadding)
    implicitHeight: contentHeight + topPadding + bottomPadding
    margins: Metrics.px(4)
    padding: Metrics.px(4)
    overlap: 1

    onAboutToShow: {
        let widest = 0;
        for (let at = 0; at < root.count; ++at)
            widest = Math.max(widest, root.itemAt(at).implicitWidth);
        root.widest = widest;
    }

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
