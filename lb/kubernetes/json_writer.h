// JsonWriter: builds JSON text that is always valid.
//
// The writer closes what was opened, puts the commas and escapes the texts. A
// call in the wrong place, such as a value without a key within a map, is a bug
// of the caller and stops the program; no text and no number can make the
// result invalid. Bytes that are no UTF-8 become U+FFFD, as Go writes them.
//
// One thread.
//
//   JsonWriter json;
//   json.BeginMap().Key("metadata").BeginMap();
//   json.Key("name").Text("web").EndMap();
//   json.Key("spec").BeginMap().Key("replicas").Number(3).EndMap().EndMap();
//   const std::string body = std::move(json).Finish();
#ifndef LB_KUBERNETES_JSON_WRITER_H_
#define LB_KUBERNETES_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lb/config/yaml_tree.h"

namespace lb::kubernetes {

class JsonWriter {
 public:
  JsonWriter& BeginMap();
  JsonWriter& EndMap();
  JsonWriter& BeginList();
  JsonWriter& EndList();

  // Within a map, before each value.
  JsonWriter& Key(std::string_view key);

  JsonWriter& Text(std::string_view text);
  JsonWriter& Number(int64_t number);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();

  // A whole tree. A plain scalar that is no number, true or false becomes a
  // text. Keys are written in their order; of a key that stands twice the first
  // value counts.
  JsonWriter& Tree(const config::YamlNode& tree);

  // Key(key).Text(text), for the most frequent line of callers.
  JsonWriter& Pair(std::string_view key, std::string_view text) {
    return Key(key).Text(text);
  }

  // The text. REQUIRES: one value was written, and all that was opened is
  // closed.
  std::string Finish() &&;

 private:
  enum class Place : char {
    kTop,
    kDone,
    kListFirst,
    kList,
    kKeyFirst,
    kKey,
    kValue
  };

  // Called before each value: puts the comma, and checks that a value may come.
  void BeforeValue();
  void Begin(char bracket, Place inside);
  void End(char bracket, Place first, Place later);
  void AppendQuoted(std::string_view text);

  std::string text_;
  std::vector<Place> places_ = {Place::kTop};
};

// The JSON text of a tree.
std::string JsonText(const config::YamlNode& tree);

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_JSON_WRITER_H_
