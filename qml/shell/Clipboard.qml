import QtQuick

// Puts a text where others can paste it.
TextEdit {
    id: root

    function copyText(text: string) {
        root.text = text;
        root.selectAll();
        root.copy();
        root.text = "";
    }

    visible: false
    Accessible.ignored: true
}
