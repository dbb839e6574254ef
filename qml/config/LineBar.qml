import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// Goes to a line by its number.
Rectangle {
    id: root

    property int lines: 1

    signal chosen(int line)
    signal ended

    function begin() {
        root.visible = true;
        field.clear();
        field.forceActiveFocus(Qt.ShortcutFocusReason);
    }

    function go() {
        const line = parseInt(field.text, 10);
        root.ended();
        if (line > 0)
            root.chosen(Math.min(line, root.lines));
    }

    implicitHeight: visible ? Metrics.toolbarHeight : 0
    height: implicitHeight
    visible: false
    color: Theme.chrome

    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: Metrics.inset
        anchors.rightMargin: Metrics.inset
        spacing: Metrics.gap

        BaseTextField {
            id: field

            Layout.preferredWidth: Metrics.px(120)
            label: qsTr("Go to line")
            placeholderText: qsTr("Line, 1 to %1").arg(root.lines)
            inputMethodHints: Qt.ImhDigitsOnly
            Keys.onReturnPressed: root.go()
            Keys.onEnterPressed: root.go()
        }

        BaseButton {
            text: qsTr("Go to line")
            onClicked: root.go()
        }

        Item {
            Layout.fillWidth: true
        }

        BaseButton {
            isFlat: true
            glyph: Glyphs.action("close")
            hint: qsTr("Close (Esc)")
            onClicked: root.ended()
        }
    }
}
