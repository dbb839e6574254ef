pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// What differs, line by line, in the place of the text.
Item {
    id: root

    property bool isShown: false
    property string subject: ""
    property string title: ""

    PlainText {
        id: heading

        x: Metrics.inset
        width: parent.width - 2 * x
        height: Metrics.px(36)
        text: root.title
        font: Metrics.strong
        Accessible.role: Accessible.Heading
    }

    ListView {
        id: list

        // Text of a configuration goes from left to right in every language.
        LayoutMirroring.enabled: false
        LayoutMirroring.childrenInherit: true
        anchors.top: heading.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        clip: true
        activeFocusOnTab: true
        boundsBehavior: Flickable.StopAtBounds
        reuseItems: true
        model: Records {
            id: lines

            source: "config-diff"
            subject: root.subject
            isActive: root.isShown
        }

        Accessible.role: Accessible.List
        Accessible.name: root.title

        T.ScrollBar.vertical: BaseScrollBar {
        }

        delegate: DiffRow {
            width: list.width
        }

        FocusRing {
            visible: list.activeFocus
            isInside: true
        }
    }

    PlainText {
        x: Metrics.inset
        y: heading.height + Metrics.gap
        visible: list.count === 0 && lines.progress !== Records.Loading
        text: lines.progress === Records.Failed ? lines.trouble : qsTr("Nothing differs.")
        color: Theme.text2
    }
}
