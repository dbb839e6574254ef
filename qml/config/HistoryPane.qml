pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// What the file was before: choose a version, see what it would change, take it.
Item {
    id: root

    property bool isShown: false
    property int chosen: -1
    readonly property real listWidth: Math.min(Metrics.px(300), width / 2)

    signal restored

    onIsShownChanged: if (!root.isShown)
        root.chosen = -1

    PlainText {
        id: heading

        anchors.left: parent.left
        anchors.leftMargin: Metrics.inset
        width: root.listWidth - 2 * Metrics.inset
        height: Metrics.px(36)
        text: qsTr("Earlier versions")
        font: Metrics.strong
        Accessible.role: Accessible.Heading
    }

    ListView {
        id: list

        anchors.left: parent.left
        anchors.top: heading.bottom
        anchors.bottom: parent.bottom
        width: root.listWidth
        clip: true
        boundsBehavior: Flickable.StopAtBounds
        model: Records {
            id: versions

            source: "config-history"
            isActive: root.isShown
        }

        Accessible.role: Accessible.List
        Accessible.name: heading.text

        delegate: VersionRow {
            id: row

            width: list.width
            isChosen: root.chosen === row.version
            onChosen: root.chosen = row.version
        }
    }

    PlainText {
        anchors.left: heading.left
        y: heading.height
        width: heading.width
        visible: list.count === 0 && versions.progress !== Records.Loading
        text: versions.progress === Records.Failed ? versions.trouble : qsTr("None yet. The last 10 are kept when the file is saved from here or by ostler config.")
        color: Theme.text2
        wrapMode: Text.Wrap
    }

    Rectangle {
        anchors.left: parent.left
        anchors.leftMargin: root.listWidth
        width: Metrics.lineWidth
        height: parent.height
        color: Theme.line
    }

    DiffPane {
        id: diff

        anchors.left: parent.left
        anchors.leftMargin: root.listWidth + Metrics.lineWidth
        anchors.right: parent.right
        anchors.top: parent.top
        anchors.bottom: foot.top
        visible: root.chosen >= 0
        isShown: root.isShown && visible
        subject: root.chosen
        title: qsTr("What going back to this version changes in your text")
    }

    Item {
        id: foot

        anchors.left: diff.left
        anchors.right: parent.right
        anchors.bottom: parent.bottom
        height: Metrics.px(52)
        visible: root.chosen >= 0

        BaseButton {
            anchors.left: parent.left
            anchors.leftMargin: Metrics.inset
            anchors.verticalCenter: parent.verticalCenter
            text: qsTr("Put this version into the editor")
            hint: qsTr("Nothing is written before you save; Undo brings your text back")
            onClicked: {
                ConfigDocument.restore(root.chosen);
                root.restored();
            }
        }
    }
}
