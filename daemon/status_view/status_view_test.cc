// Answers of a node that consists of its parts only, without an agent.
#include "daemon/status_view/status_view.h"

#include <string>

#include "absl/time/time.h"
#include "daemon/node_view/testing/node_parts.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_world.h"
#include "lb/status/v1/status.pb.h"

namespace lb {
namespace {

using testing::HasSubstr;

class StatusViewTest : public testing::Test {
 protected:
  void Have(int services) {
    for (int i = 0; i < services; ++i) {
      node_.Want(fmt::format("default/s{}", i));
    }
    world_.loop().RunFor(absl::Seconds(1));
    node_.Elect();
  }
  StatusView View() { return StatusView(node_.View()); }

  io::SimWorld world_{/*seed=*/1};
  NodeParts node_{world_.AddHost("n1", "172.18.8.11/24")};
};

TEST_F(StatusViewTest, DescribesTheNodeAsItIsAtTheMoment) {
  node_.author = "n7";
  EXPECT_TRUE(View().DescribeNode().ready());
  node_.stage = LifeStage::kAwaiting;
  node_.draining = true;
  const status::v1::GetNodeResponse node = View().DescribeNode();
  EXPECT_EQ(node.name(), "n1");
  EXPECT_EQ(node.ledger_author(), "n7");
  EXPECT_FALSE(node.ready());
  EXPECT_TRUE(node.draining());
}

TEST_F(StatusViewTest, DescribesAServiceWithItsAnnouncer) {
  Have(1);
  const auto service = View().DescribeService("default/s0");
  ASSERT_TRUE(service.has_value());
  ASSERT_EQ(service->addresses_size(), 1);
  EXPECT_THAT(service->addresses(0), HasSubstr("10.64."));
  ASSERT_EQ(service->announcers_size(), 1);
  EXPECT_EQ(service->announcers(0).node(), "n1");
  EXPECT_FALSE(View().DescribeService("default/other").has_value());
}

TEST_F(StatusViewTest, ListsServicesInPages) {
  Have(5);
  status::v1::ListServicesRequest request;
  request.set_page_size(2);
  std::string names;
  int pages = 0;
  do {
    const auto page = View().ListServices(request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const auto& service : page->services()) names += service.name() + " ";
    request.set_page_token(page->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(names, "default/s0 default/s1 default/s2 default/s3 default/s4 ");
}

// A service that has no address yet has no election to explain.
TEST_F(StatusViewTest, ExplainsAnElectionOnceThereIsOne) {
  EXPECT_EQ(View().Explain("default/s0").status().code(),
            absl::StatusCode::kNotFound);
  Have(1);
  const auto why = View().Explain("default/s0");
  ASSERT_TRUE(why.ok()) << why.status();
  EXPECT_EQ(why->service(), "default/s0");
  ASSERT_EQ(why->nodes_size(), 1);
  EXPECT_EQ(why->nodes(0).node(), "n1");
}

TEST_F(StatusViewTest, CountsThePoolsUse) {
  Have(3);
  const auto pools = View().ListPools({});
  ASSERT_TRUE(pools.ok()) << pools.status();
  ASSERT_EQ(pools->pools_size(), 1);
  EXPECT_EQ(pools->pools(0).name(), "p");
  EXPECT_EQ(pools->pools(0).ipv4().used(), "3");
}

}  // namespace
}  // namespace lb
