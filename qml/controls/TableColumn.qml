import QtQuick

// A column of a table: its name, its width in logical pixels, and whether it takes what is left over.
QtObject {
    id: root

    property string title: ""
    property real width: 120
    property bool isFilling: false
    property bool isRight: false
    property bool isShown: true
}
