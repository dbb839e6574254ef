import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// Says that the list stands still, since when, and what has come meanwhile.
Rectangle {
    id: root

    required property LogModel logModel

    signal followWanted

    visible: !root.logModel.isFollowing
    implicitHeight: visible ? Metrics.bannerHeight : 0
    color: Theme.busyTint

    Accessible.role: Accessible.StatusBar
    Accessible.name: root.visible ? news.text + ". " + since.text : ""
    Accessible.ignored: !root.visible

    Rectangle {
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }

    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: Metrics.inset
        anchors.rightMargin: Metrics.inset
        spacing: Metrics.gap

        BaseButton {
            id: news

            isSmall: true
            glyph: Glyphs.action("follow")
            text: root.logModel.waiting === 1 ? qsTr("1 new line") : qsTr("%1 new lines").arg(root.logModel.waitingText)
            hint: qsTr("Show them and follow")
            onClicked: root.followWanted()
        }

        PlainText {
            id: since

            text: root.logModel.pausedAt === "" ? qsTr("Paused") : qsTr("Paused at %1").arg(root.logModel.pausedAt)
            font: Metrics.small
            color: Theme.text2
            Accessible.ignored: true
        }

        KeyCap {
            text: qsTr("End")
        }

        PlainText {
            //: After the name of a key: "End follows again"
            text: qsTr("follows again")
            font: Metrics.small
            color: Theme.text2
            Accessible.ignored: true
        }

        PlainText {
            Layout.fillWidth: true
            horizontalAlignment: Text.AlignRight
            text: qsTr("%1 lines, %2").arg(root.logModel.linesText).arg(root.logModel.sizeText)
            font: Metrics.small
            color: Theme.text2
        }
    }
}
