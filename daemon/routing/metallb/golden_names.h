// The names of the golden files of MetalLB 0.16, without ".golden".
#ifndef LB_DAEMON_ROUTING_METALLB_GOLDEN_NAMES_H_
#define LB_DAEMON_ROUTING_METALLB_GOLDEN_NAMES_H_

#include <array>
#include <string_view>

namespace lb::goldens {

// In internal/bgp/frr/testdata and in internal/bgp/frrk8s/testdata.
inline constexpr auto kOfBothModes = std::to_array<std::string_view>({
    "TestBFDProfileAllDefault",
    "TestBFDProfileCornerCases",
    "TestBFDProfileNoSessions",
    "TestBFDProfileThenDelete",
    "TestBFDWithSession",
    "TestLargeCommunities",
    "TestSingleAdvertisement",
    "TestSingleAdvertisementChange",
    "TestSingleAdvertisementChangeVRF",
    "TestSingleAdvertisementNoRouterID",
    "TestSingleAdvertisementStop",
    "TestSingleAdvertisementVRF",
    "TestSingleEBGPSessionMultiHop",
    "TestSingleEBGPSessionOneHop",
    "TestSingleIBGPSession",
    "TestSingleIPv6EBGPSessionOneHop",
    "TestSingleIPv6IBGPSession",
    "TestSingleSessionClose",
    "TestSingleSessionWithExternalASN",
    "TestSingleSessionWithInternalASN",
    "TestSingleSessionWithNoTimers",
    "TestSingleSessionWithZeroTimers",
    "TestSingleVRFIBGPSession",
    "TestTwoAdvertisements",
    "TestTwoAdvertisementsTwoSessions",
    "TestTwoAdvertisementsTwoSessionsOneVRF",
    "TestTwoAdvertisementsVRF",
    "TestTwoIPv6Sessions",
    "TestTwoSessions",
    "TestTwoSessionsDuplicate",
    "TestTwoSessionsDuplicateRouter",
    "TestTwoSessionsOneVRF",
    "TestTwoSessionsSameIPRouterIDASNVRF",
    "TestTwoSessionsSameIPVRF",
    "TestVRFSingleEBGPSessionMultiHop",
});

inline constexpr auto kOfFrrAlone = std::to_array<std::string_view>({
    "TestDockerTestfails",
    "TestIPv4AndIPv6SessionsDisableMP",
    "TestIPv4AndIPv6SessionsDualStackFamily",
    "TestLoggingConfiguration",
    "TestLoggingConfigurationDebug",
    "TestLoggingConfigurationOverrideByEnvironmentVar",
    "TestManyAdvertisementsSameCommunity",
    "TestSingleAdvertisementInvalid",
    "TestSingleAdvertisementInvalidNoPort",
    "TestSingleAdvertisementInvalidPrefix",
    "TestSingleSessionExtras",
    "TestSingleSessionWithGracefulRestart",
    "TestSingleSessionWithLocalASN",
    "TestTwoAdvertisementsDuplicate",
    "TestUnnumberedSession",
});

inline constexpr auto kOfFrrK8sAlone = std::to_array<std::string_view>({
    "TestSingleEBGPSessionGracefullRestart",
    "TestSingleSessionWithInterface",
    "TestTwoAdvertisementsWithSamePrefix",
});

struct Difference {
  std::string_view golden;
  std::string_view reason;
};

// Goldens that say nothing which an object asks for.
inline constexpr auto kWithoutRow = std::to_array<Difference>({
    {"TestLoggingConfiguration", "the log level of FRR: there is no FRR here"},
    {"TestLoggingConfigurationDebug", "the same"},
    {"TestLoggingConfigurationOverrideByEnvironmentVar", "the same"},
    {"TestDockerTestfails",
     "a text that FRR must refuse: a test of MetalLB's own tests"},
    {"TestSingleAdvertisementInvalid",
     "no case of 0.16 writes it; lb/config has rows of bad objects"},
    {"TestSingleAdvertisementInvalidNoPort", "the same"},
    {"TestSingleAdvertisementInvalidPrefix", "the same"},
});

}  // namespace lb::goldens

#endif  // LB_DAEMON_ROUTING_METALLB_GOLDEN_NAMES_H_
