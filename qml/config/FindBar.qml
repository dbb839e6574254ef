import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// Finds a text in the text.
Rectangle {
    id: root

    property int from: 0
    property list<int> matches: []
    property int current: -1

    signal found(int start, int end)
    signal ended

    function begin(text: string) {
        root.visible = true;
        if (text !== "" && text.indexOf("\u2029") < 0)
            field.text = text;
        field.forceActiveFocus(Qt.ShortcutFocusReason);
        field.selectAll();
        root.look();
    }

    function look() {
        root.matches = ConfigDocument.matches(field.text);
        root.current = root.matches.length === 0 ? -1 : 0;
        for (let at = 0; at < root.matches.length; ++at) {
            if (root.matches[at] >= root.from) {
                root.current = at;
                break;
            }
        }
        root.tell();
    }

    function step(isForward: bool) {
        root.matches = ConfigDocument.matches(field.text);
        const count = root.matches.length;
        root.current = count === 0 ? -1 : (Math.min(root.current, count - 1) + (isForward ? 1 : -1) + count) % count;
        root.tell();
    }

    function tell() {
        if (root.current >= 0)
            root.found(root.matches[root.current], root.matches[root.current] + field.text.length);
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

            Layout.preferredWidth: Metrics.px(256)
            label: qsTr("Find in the text")
            placeholderText: qsTr("Find")
            onTextEdited: root.look()
            Keys.onReturnPressed: event => root.step(!(event.modifiers & Qt.ShiftModifier))
            Keys.onEnterPressed: root.step(true)
        }

        PlainText {
            Layout.preferredWidth: Metrics.px(88)
            text: field.text === "" ? "" : root.matches.length === 0 ? qsTr("not found") : qsTr("%1 of %2").arg(root.current + 1).arg(root.matches.length)
            font: Metrics.small
            color: root.matches.length === 0 ? Theme.warn : Theme.text2
        }

        BaseButton {
            isFlat: true
            enabled: root.matches.length > 0
            glyph: Glyphs.action("chevron-up")
            hint: qsTr("Previous (Shift+F3)")
            onClicked: root.step(false)
        }

        BaseButton {
            isFlat: true
            enabled: root.matches.length > 0
            glyph: Glyphs.action("chevron-down")
            hint: qsTr("Next (F3)")
            onClicked: root.step(true)
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
