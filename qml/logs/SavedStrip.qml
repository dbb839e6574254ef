import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// Says where the log was saved.
Rectangle {
    id: root

    property string path: ""

    visible: root.path !== ""
    implicitHeight: visible ? Metrics.bannerHeight : 0
    color: Theme.okTint

    Accessible.role: Accessible.StatusBar
    Accessible.name: label.text
    Accessible.ignored: !root.visible

    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: Metrics.inset
        anchors.rightMargin: Metrics.inset
        spacing: Metrics.gap

        Glyph {
            source: Glyphs.named("state-completed")
            color: Theme.ok
        }

        PlainText {
            id: label

            Layout.fillWidth: true
            text: qsTr("Saved as %1").arg(root.path)
            elide: Text.ElideMiddle
            Accessible.ignored: true
        }

        BaseButton {
            isSmall: true
            text: qsTr("Dismiss")
            onClicked: root.path = ""
        }
    }
}
