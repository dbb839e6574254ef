#pragma once

#include <QtCore/QAbstractListModel>
#include <QtQuick/QQuickPaintedItem>

// Each bridge file names the base of its class for itself: the same name in two of them would be defined twice.
using RecordsBase = QAbstractListModel;
using LogModelBase = QAbstractListModel;
using SparklineBase = QQuickPaintedItem;
