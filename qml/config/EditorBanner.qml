import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// What stands between the text and the file: somebody else's change, or a failure.
Rectangle {
    id: root

    readonly property bool isChanged: ConfigDocument.disk === ConfigDocument.ChangedOnDisk
    readonly property bool isGone: ConfigDocument.disk === ConfigDocument.GoneFromDisk
    readonly property bool isConflict: root.isChanged || root.isGone
    readonly property string words: root.isChanged ? qsTr("%1 changed on disk while you edited it. Nothing has been written.").arg(ConfigDocument.name) : root.isGone ? qsTr("%1 is gone from disk. Your text is still here; keep it to write the file again.").arg(ConfigDocument.name) : ConfigDocument.configEditorError

    signal compareWanted

    implicitHeight: visible ? Math.max(Metrics.bannerHeight, text.implicitHeight + Metrics.px(16)) : 0
    visible: root.words !== ""
    color: root.isConflict ? Theme.warnTint : Theme.failTint

    Accessible.role: Accessible.AlertMessage
    Accessible.name: root.words
    Accessible.ignored: !root.visible

    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: Metrics.inset
        anchors.rightMargin: Metrics.inset
        spacing: Metrics.gap

        Glyph {
            source: Glyphs.named(root.isConflict ? "state-degraded" : "state-failed")
            color: root.isConflict ? Theme.warn : Theme.fail
        }

        PlainText {
            id: text

            Layout.fillWidth: true
            text: root.words
            font: Metrics.name
            wrapMode: Text.Wrap
            Accessible.ignored: true
        }

        BaseButton {
            visible: root.isChanged
            isSmall: true
            text: qsTr("Compare")
            hint: qsTr("See how your text differs from the file")
            onClicked: root.compareWanted()
        }

        BaseButton {
            visible: root.isChanged
            isSmall: true
            text: qsTr("Reload")
            hint: qsTr("Take the text on disk; Undo brings yours back")
            onClicked: ConfigDocument.takeDisk()
        }

        BaseButton {
            visible: root.isConflict
            isSmall: true
            text: qsTr("Keep mine")
            hint: qsTr("Go on with your text; Save then writes it over the file")
            onClicked: ConfigDocument.keepMine()
        }

        BaseButton {
            visible: !root.isConflict
            isSmall: true
            text: qsTr("Dismiss")
            onClicked: ConfigDocument.dismissError()
        }
    }

    Rectangle {
        anchors.bottom: parent.bottom
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }
}
