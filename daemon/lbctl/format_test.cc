#include "daemon/lbctl/format.h"

#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "lb/status/v1/status.pb.h"

namespace lb::lbctl {
namespace {

using ::testing::HasSubstr;

status::v1::ListServicesResponse OneService() {
  status::v1::ListServicesResponse response;
  auto* web = response.add_services();
  web->set_name("default/web");
  web->add_addresses("10.0.0.1");
  web->set_reason("a \"quoted\"\nline");
  web->set_pool("1");
  return response;
}

TEST(FormatTest, JsonHasEveryField) {
  EXPECT_EQ(ToJson(OneService(), Layout::kOneLine),
            "{\"services\":[{\"name\":\"default/web\",\"addresses\":["
            "\"10.0.0.1\"],\"pool\":\"1\",\"announcingNode\":\"\","
            "\"interfaces\":[],\"reason\":\"a \\\"quoted\\\"\\nline\","
            "\"withheld\":[],\"announcers\":[]}],\"nextPageToken\":\"\"}\n");
  EXPECT_THAT(ToJson(OneService(), Layout::kIndented),
              HasSubstr("\n   \"name\": \"default/web\",\n"));
}

TEST(FormatTest, YamlHasTheSame) {
  EXPECT_EQ(ToYaml(OneService()),
            "---\n"
            "services:\n"
            "  - name: \"default/web\"\n"
            "    addresses:\n"
            "      - \"10.0.0.1\"\n"
            "    pool: \"1\"\n"
            "    announcingNode: \"\"\n"
            "    interfaces:\n"
            "      []\n"
            "    reason: \"a \\\"quoted\\\"\\nline\"\n"
            "    withheld:\n"
            "      []\n"
            "    announcers:\n"
            "      []\n"
            "nextPageToken: \"\"\n");
  status::v1::Pool pool;
  pool.set_auto_assign(true);
  EXPECT_THAT(ToYaml(pool), HasSubstr("autoAssign: true\n"));
}

// Each value is a text in YAML too, and no reader takes it for another type.
TEST(FormatTest, YamlQuotesWhatLooksLikeAnotherType) {
  google::protobuf::Value list;
  for (const char* text : {"yes", "1", "0x10", "null", "~", "2024-05-01", "",
                           "- a", "a: b", "#", "\xc3\xa4", "a\\b\t"}) {
    list.mutable_list_value()->add_values()->set_string_value(text);
  }
  list.mutable_list_value()->add_values()->set_bool_value(true);
  list.mutable_list_value()->add_values()->set_null_value(
      google::protobuf::NULL_VALUE);
  EXPECT_EQ(ToYaml(list),
            "---\n"
            "- \"yes\"\n"
            "- \"1\"\n"
            "- \"0x10\"\n"
            "- \"null\"\n"
            "- \"~\"\n"
            "- \"2024-05-01\"\n"
            "- \"\"\n"
            "- \"- a\"\n"
            "- \"a: b\"\n"
            "- \"#\"\n"
            "- \"\xc3\xa4\"\n"
            "- \"a\\\\b\\t\"\n"
            "- true\n"
            "- ~\n");
}

// protobuf writes a number that a double cannot hold as a text.
TEST(FormatTest, LargeNumbersKeepTheirDigits) {
  status::v1::Event event;
  event.set_sequence(std::numeric_limits<uint64_t>::max());
  event.mutable_time()->set_seconds(1);
  event.mutable_time()->set_nanos(5);
  EXPECT_THAT(ToJson(event, Layout::kOneLine),
              HasSubstr("\"sequence\":\"18446744073709551615\","));
  EXPECT_THAT(ToJson(event, Layout::kOneLine),
              HasSubstr("\"time\":\"1970-01-01T00:00:01.000000005Z\""));
  EXPECT_THAT(ToYaml(event),
              HasSubstr("\nsequence: \"18446744073709551615\"\n"));
  EXPECT_THAT(ToYaml(event),
              HasSubstr("\ntime: \"1970-01-01T00:00:01.000000005Z\"\n"));
}

// A newer server may send an enumerator that lbctl does not know.
TEST(FormatTest, AnUnknownEnumeratorIsItsNumber) {
  status::v1::Event event;
  event.set_type(static_cast<status::v1::Event::Type>(9));
  EXPECT_THAT(ToJson(event, Layout::kOneLine), HasSubstr("\"type\":9,"));
  EXPECT_THAT(ToYaml(event), HasSubstr("type: 9\n"));
}

TEST(FormatTest, JsonHasNoControlCharacters) {
  status::v1::Event event;
  event.set_message("\x1b[2J\x7f\n");
  for (const Layout layout : {Layout::kOneLine, Layout::kIndented}) {
    const std::string json = ToJson(event, layout);
    EXPECT_THAT(json, HasSubstr("\\u001b[2J"));
    EXPECT_EQ(json.find('\x1b'), json.npos);
  }
  EXPECT_EQ(ToYaml(event).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace lb::lbctl
