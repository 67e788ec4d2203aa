/* SPDX-License-Identifier: Apache-2.0
 *
 * What a container reaches and what not, with the real packet filter, in network namespaces of the
 * test's own.
 */
#include "agent/shim_fixture.h"

#include "agent/outside.h"
#include "drivers/address_lease.h"
#include "drivers/resolv_conf.h"
#include "host_network.h"

#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SUBNET "10.214.0.0/16"
#define GATEWAY "10.214.0.1"
#define CONTAINER_PORT 7003
#define CONTAINER_PORT_TEXT "7003"

/* lo, out0 and the bridge */
#define OWN_DEVICES 3

static char bridge[IFNAMSIZ];

static int network_setup(void **state)
{
    if (shim_setup(state) != 0)
        return -1;
    struct shim *shim = *state;
    shim->spec.network = RUN_NETWORK_BRIDGE;
    shim->spec.bridge = strdup(bridge);
    shim->spec.subnet = strdup(SUBNET);
    return 0;
}

static void wait_ms(useconds_t ms)
{
    (void)usleep(ms * 1000);
}

static size_t count_devices(void)
{
    size_t n = 0;
    struct if_nameindex *all = if_nameindex();
    assert_non_null(all);
    while (all[n].if_index != 0)
        n++;
    if_freenameindex(all);
    return n;
}

static struct address_lease lease_of(const struct shim *shim)
{
    char owner[ID_TEXT_BYTES + 16];
    struct address_lease lease;
    assert_true(
        snprintf(owner, sizeof(owner), "%s-%u", ID_TEXT(shim->spec.run), shim->spec.attempt) > 0);
    address_lease_find(owner, &lease);
    return lease;
}

/* The kernel takes devices away in its own time. */
static void assert_nothing_left(const struct shim *shim)
{
    assert_int_equal(lease_of(shim).address, 0);
    for (int i = 0; i < 500 && count_devices() != OWN_DEVICES; i++)
        wait_ms(10);
    assert_int_equal(count_devices(), OWN_DEVICES);
}

static void expect(struct shim *shim, const char *script, const char *expected)
{
    shim_set_script(shim, script);
    shim_run(shim);
    assert_string_equal(shim->record.message, "");
    shim_assert_text(shim, LOG_STREAM_STDERR, "");
    shim_assert_text(shim, LOG_STREAM_STDOUT, expected);
    assert_int_equal(shim->record.exit_code, 0);
    assert_nothing_left(shim);
}

static void test_network__container_has_eth0_and_a_route(void **state)
{
    expect(*state,
           "cd /sys/class/net; busybox ls; "
           "busybox ip -4 -o addr show eth0 | busybox grep -c ' inet 10.214.[0-9.]*/16 '; "
           "busybox ip route | busybox head -n 1; busybox ping -c 1 -w 2 127.0.0.1 | "
           "busybox grep -c '1 packets received'",
           "eth0\nlo\n1\ndefault via " GATEWAY " dev eth0 \n1\n");
}

static void test_network__container_without_one_has_but_lo(void **state)
{
    struct shim *shim = *state;
    shim->spec.network = RUN_NETWORK_NONE;
    expect(shim,
           "cd /sys/class/net; busybox ls; busybox ip route; busybox ping -c 1 -w 2 127.0.0.1 | "
           "busybox grep -c '1 packets received'; busybox cat /etc/resolv.conf",
           "lo\n1\n# no network, no name servers\n");
}

static void test_network__gateway_answers_pings(void **state)
{
    expect(*state, "busybox ping -c 1 -w 2 " GATEWAY " | busybox grep -c '1 packets received'",
           "1\n");
}

static void test_network__outside_sees_the_machine(void **state)
{
    expect(*state, "busybox nc -w 2 192.0.2.2 7001 </dev/null", MACHINE_ADDRESS "\n");
}

/* Each tries to be answered for two seconds; prints what it was told, then "none". */
#define ATTEMPT(where) "busybox nc -w 2 " where " </dev/null 2>/dev/null & "

static void test_network__machine_is_out_of_reach(void **state)
{
    assert_true(outside_is_answered("127.0.0.1", MACHINE_PORT));
    assert_true(outside_is_answered(GATEWAY, MACHINE_PORT));
    assert_true(outside_is_answered(MACHINE_ADDRESS, MACHINE_PORT));
    expect(*state,
           ATTEMPT("127.0.0.1 7002") ATTEMPT(GATEWAY " 7002")
               ATTEMPT(MACHINE_ADDRESS " 7002") "wait; echo none",
           "none\n");
}

static void test_network__link_local_is_out_of_reach(void **state)
{
    assert_true(outside_is_answered(METADATA_ADDRESS, OUTSIDE_PORT));
    expect(*state, ATTEMPT(METADATA_ADDRESS " 7001") "wait; echo none", "none\n");
}

static void test_network__untrusted_gets_no_further(void **state)
{
    struct shim *shim = *state;
    shim_set_sandbox(shim, RUN_SANDBOX_UNTRUSTED);
    expect(shim,
           ATTEMPT("127.0.0.1 7002") ATTEMPT(GATEWAY " 7002") ATTEMPT(MACHINE_ADDRESS " 7002")
               ATTEMPT(METADATA_ADDRESS " 7001") "busybox nc -w 2 192.0.2.2 7001 </dev/null; "
                                                 "wait; echo none",
           MACHINE_ADDRESS "\nnone\n");
}

/* With CAP_NET_ADMIN over its own network: neither routes nor addresses of its own making help. */
static void test_network__trusted_gets_no_further(void **state)
{
    struct shim *shim = *state;
    shim_set_sandbox(shim, RUN_SANDBOX_TRUSTED);
    expect(shim,
           "busybox ip route add 169.254.169.254/32 via " GATEWAY " dev eth0 && "
           "busybox ip addr add 10.214.255.250/16 dev eth0 && "
           "busybox ip addr add 192.0.2.7/24 dev eth0 && "
           "busybox ip route add 192.0.2.2/32 via " GATEWAY
           " src 192.0.2.7 && echo changed; " ATTEMPT(GATEWAY " 7002")
               ATTEMPT(MACHINE_ADDRESS " 7002") ATTEMPT(METADATA_ADDRESS " 7001")
                   ATTEMPT("192.0.2.2 7001") "wait; echo none",
           "changed\nnone\n");
}

/* A container that answers on CONTAINER_PORT; returns its address. */
static const char *start_listener(struct shim *shim, char text[INET_ADDRSTRLEN])
{
    shim_set_argv(shim, "busybox", "nc", "-ll", "-p", CONTAINER_PORT_TEXT, "-e", "/bin/pwd", NULL);
    shim_start(shim);
    shim_await(shim, "started");
    struct address_lease lease = lease_of(shim);
    assert_int_not_equal(lease.address, 0);
    (void)subnet_address_text(lease.address, text);
    for (int i = 0; i < 100 && !outside_is_answered(text, CONTAINER_PORT); i++)
        wait_ms(10);
    return text;
}

static void test_network__containers_do_not_reach_each_other(void **state)
{
    struct shim *listener = *state;
    void *other_state = NULL;
    char address[INET_ADDRSTRLEN];
    char script[256];
    (void)start_listener(listener, address);
    assert_true(outside_is_answered(address, CONTAINER_PORT));

    assert_int_equal(network_setup(&other_state), 0);
    struct shim *other = other_state;
    assert_true(
        snprintf(script, sizeof(script),
                 ATTEMPT("%s " CONTAINER_PORT_TEXT) "busybox nc -w 2 192.0.2.2 7001 </dev/null; "
                                                    "wait; echo none",
                 address) > 0);
    shim_set_script(other, script);
    shim_run(other);
    shim_assert_text(other, LOG_STREAM_STDOUT, MACHINE_ADDRESS "\nnone\n");
    (void)shim_teardown(&other_state);
    assert_true(outside_is_answered(address, CONTAINER_PORT));
}

/* Straight through the bridge they are kept apart by it; by way of the gateway, by the filter. */
static void test_network__gateway_is_no_way_round(void **state)
{
    struct shim *listener = *state;
    void *other_state = NULL;
    char address[INET_ADDRSTRLEN];
    char line[512];
    (void)start_listener(listener, address);
    assert_int_equal(network_setup(&other_state), 0);
    struct shim *other = other_state;
    shim_set_script(other, "busybox sleep 20");
    shim_start(other);
    shim_await(other, "started");
    assert_true(snprintf(line, sizeof(line),
                         "pid=$(head -n 1 /sys/fs/cgroup/pids%s/cgroup.procs 2>/dev/null || "
                         "head -n 1 /sys/fs/cgroup%s/cgroup.procs); "
                         "exec 2>&1; nsenter -n -t $pid ip route add %s/32 via " GATEWAY " && "
                         "! nsenter -n -t $pid busybox nc -w 2 %s " CONTAINER_PORT_TEXT
                         " </dev/null",
                         other->spec.cgroup, other->spec.cgroup, address, address) > 0);
    assert_true(outside_shell(line));
    assert_true(outside_is_answered(address, CONTAINER_PORT));
    (void)kill(other->pid, SIGTERM);
    shim_finish(other);
    (void)shim_teardown(&other_state);
}

static void test_network__nothing_is_learnt_from_containers(void **state)
{
    struct shim *shim = *state;
    char address[INET_ADDRSTRLEN];
    char line[512];
    (void)start_listener(shim, address);
    unsigned in = lease_of(shim).address;
    assert_true(snprintf(line, sizeof(line),
                         "bridge -d link show dev errand%08x | grep -q 'learning off flood off.*"
                         "isolated on' && ip neigh show %s dev %s | grep -q PERMANENT",
                         in, address, bridge) > 0);
    assert_true(outside_shell(line));
    (void)kill(shim->pid, SIGTERM);
    shim_finish(shim);
    assert_true(snprintf(line, sizeof(line), "test -z \"$(ip neigh show %s dev %s)\"", address,
                         bridge) > 0);
    assert_true(outside_shell(line));
}

static void test_network__outside_does_not_reach_in(void **state)
{
    struct shim *listener = *state;
    char address[INET_ADDRSTRLEN];
    char line[512];
    (void)start_listener(listener, address);
    int pid = outside_pid();
    assert_true(snprintf(line, sizeof(line),
                         "nsenter -n -t %d ip route add " SUBNET " via " MACHINE_ADDRESS " && "
                         "! nsenter -n -t %d busybox nc -w 2 %s " CONTAINER_PORT_TEXT " </dev/null",
                         pid, pid, address) > 0);
    assert_true(outside_shell(line));
}

static void test_network__name_servers_are_the_machines(void **state)
{
    CLEANUP(buf_done) struct buf expected;
    buf_init(&expected, 32 << 10);
    resolv_conf_put(&expected);
    expect(*state, "busybox cat /etc/resolv.conf", buf_text(&expected));
}

static void test_network__none_here_is_told(void **state)
{
    struct shim *shim = *state;
    free(TAKE_PTR(shim->spec.bridge));
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_START_FAILED);
    assert_string_equal(shim->record.message, "this machine has no container network");
    assert_nothing_left(shim);
}

static void test_network__lost_bridge_is_told(void **state)
{
    struct shim *shim = *state;
    char gone[IFNAMSIZ];
    char path[sizeof(ADDRESS_LEASE_DIR) + IFNAMSIZ];
    char expected[128];
    struct err e;
    assert_true(snprintf(gone, sizeof(gone), "errandg%d", (int)getpid()) > 0);
    assert_true(snprintf(path, sizeof(path), ADDRESS_LEASE_DIR "/%s", gone) > 0);
    assert_true(snprintf(expected, sizeof(expected), "bridge %s is gone; start errand-agent again",
                         gone) > 0);
    free(shim->spec.bridge);
    shim->spec.bridge = strdup(gone);
    ASSERT_OK(address_lease_make_dir(gone, &e), e);
    shim_run(shim);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(shim->record.reason, TERMINATION_START_FAILED);
    assert_string_equal(shim->record.message, expected);
    assert_nothing_left(shim);
}

/* 13 addresses for containers, from .2 on. */
#define SMALL_SUBNET "10.214.0.0/28"
#define SMALL_FIRST 0x0ad60002u
#define SMALL_SIZE 13

static void use_small_subnet(struct shim *shim)
{
    free(shim->spec.subnet);
    shim->spec.subnet = strdup(SMALL_SUBNET);
}

static void test_network__dead_devices_are_no_obstacle(void **state)
{
    struct shim *shim = *state;
    char line[128];
    use_small_subnet(shim);
    for (unsigned i = 0; i < SMALL_SIZE; i++) {
        assert_true(
            snprintf(line, sizeof(line), "ip link add errand%08x type veth", SMALL_FIRST + i) > 0);
        assert_true(outside_shell(line));
    }
    shim_set_script(shim, "busybox nc -w 2 " OUTSIDE_ADDRESS " 7001 </dev/null");
    shim_run(shim);
    assert_string_equal(shim->record.message, "");
    shim_assert_text(shim, LOG_STREAM_STDOUT, MACHINE_ADDRESS "\n");
    for (unsigned i = 0; i < SMALL_SIZE; i++) {
        assert_true(snprintf(line, sizeof(line), "ip link del errand%08x 2>/dev/null || true",
                             SMALL_FIRST + i) > 0);
        assert_true(outside_shell(line));
    }
    assert_nothing_left(shim);
}

static void test_network__no_address_free_is_told(void **state)
{
    struct shim *shim = *state;
    struct err e;
    struct subnet subnet;
    struct address_lease leases[SMALL_SIZE];
    struct address_lease more;
    char expected[64];
    ASSERT_OK(subnet_parse(SMALL_SUBNET, &subnet, &e), e);
    for (size_t i = 0; i < SMALL_SIZE; i++)
        ASSERT_OK(address_lease_take(bridge, &subnet, "other", &leases[i], &e), e);
    assert_int_equal(address_lease_take(bridge, &subnet, "other", &more, &e), ERR_LIMIT);

    use_small_subnet(shim);
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_START_FAILED);
    assert_true(snprintf(expected, sizeof(expected), "all 13 addresses of %s are taken", bridge) >
                0);
    assert_string_equal(shim->record.message, expected);
    for (size_t i = 0; i < SMALL_SIZE; i++)
        address_lease_release(&leases[i]);
    assert_nothing_left(shim);
}

static void test_network__many_runs_leave_nothing(void **state)
{
    for (int i = 0; i < 20; i++) {
        void *other_state = NULL;
        assert_int_equal(network_setup(&other_state), 0);
        struct shim *other = other_state;
        shim_run(other);
        assert_int_equal(other->record.exit_code, 0);
        assert_nothing_left(other_state);
        (void)shim_teardown(&other_state);
    }
    assert_nothing_left(*state);
}

static void test_network__reaper_leaves_nothing(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "busybox sleep 60");
    shim_start(shim);
    shim_await(shim, "started");
    assert_int_not_equal(lease_of(shim).address, 0);
    assert_int_equal(count_devices(), OWN_DEVICES + 1);
    assert_int_equal(kill(shim->pid, SIGKILL), 0);
    assert_int_equal(waitpid(shim->pid, NULL, 0), shim->pid);
    assert_int_equal(shim_reap(shim), 0);
    assert_nothing_left(shim);
}

static void test_network__made_again_it_goes_on(void **state)
{
    struct err e;
    struct subnet subnet;
    struct subnet other;
    char address[INET_ADDRSTRLEN];
    ASSERT_OK(subnet_parse(SUBNET, &subnet, &e), e);
    ASSERT_OK(subnet_parse("10.215.0.0/16", &other, &e), e);
    (void)start_listener(*state, address);
    ASSERT_OK(host_network_make(bridge, &subnet, &e), e);
    assert_true(outside_is_answered(address, CONTAINER_PORT));
    assert_int_equal(host_network_make(bridge, &other, &e), ERR_CONFLICT);
}

/* Devices and rules end with this program's namespace; leases are files. */
static int count_leases_left(void)
{
    char path[sizeof(ADDRESS_LEASE_DIR) + IFNAMSIZ];
    if (snprintf(path, sizeof(path), ADDRESS_LEASE_DIR "/%s", bridge) < 0 || rmdir(path) == 0)
        return 0;
    print_error("left behind: %s: %s\n", path, strerror(errno));
    return 1;
}

static int group_setup(void **state)
{
    struct err e;
    struct subnet subnet;
    if (shim_group_setup(state) != 0)
        return -1;
    outside_make();
    assert_true(snprintf(bridge, sizeof(bridge), "errandt%d", (int)getpid()) > 0);
    ASSERT_OK(subnet_parse(SUBNET, &subnet, &e), e);
    ASSERT_OK(host_network_make(bridge, &subnet, &e), e);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, network_setup, shim_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_network__container_has_eth0_and_a_route),
        TEST(test_network__container_without_one_has_but_lo),
        TEST(test_network__gateway_answers_pings),
        TEST(test_network__outside_sees_the_machine),
        TEST(test_network__machine_is_out_of_reach),
        TEST(test_network__link_local_is_out_of_reach),
        TEST(test_network__untrusted_gets_no_further),
        TEST(test_network__trusted_gets_no_further),
        TEST(test_network__containers_do_not_reach_each_other),
        TEST(test_network__gateway_is_no_way_round),
        TEST(test_network__nothing_is_learnt_from_containers),
        TEST(test_network__outside_does_not_reach_in),
        TEST(test_network__name_servers_are_the_machines),
        TEST(test_network__none_here_is_told),
        TEST(test_network__lost_bridge_is_told),
        TEST(test_network__dead_devices_are_no_obstacle),
        TEST(test_network__no_address_free_is_told),
        TEST(test_network__many_runs_leave_nothing),
        TEST(test_network__reaper_leaves_nothing),
        TEST(test_network__made_again_it_goes_on),
    };
    int failed = cmocka_run_group_tests(tests, group_setup, NULL);
    return failed + shim_group_count_left() + count_leases_left();
}
