import QtQuick

// What the list model says about one row, by role.
Item {
    id: root

    required property int index
    required property string key
    required property bool isHeading
    required property string name
    required property string group
    required property int phase
    required property string tag
    required property string why
    required property string address
    required property string shortAddress
    required property string url
    required property string uptime
    required property bool isEnded
    required property string restarts
    required property string cpu
    required property string memory
    required property list<real> cpuCourse
    required property list<real> memoryCourse
    required property int pending
    required property int fit
    required property int freePort
    required property bool canStart
    required property bool canStop
    required property bool canRestart
    required property bool isStale
    required property bool isFolded
    required property bool isSelected
}
