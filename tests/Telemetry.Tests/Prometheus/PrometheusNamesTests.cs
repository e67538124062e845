using InferenceServer.Telemetry.Prometheus;

namespace InferenceServer.Telemetry.Tests.Prometheus;

public sealed class PrometheusNamesTests
{
    [Theory]
    [InlineData("hw.energy", "J", true, "hw_energy_joules")]
    [InlineData("hw.power", "W", false, "hw_power_watts")]
    [InlineData("gen_ai.server.time_to_first_token", "s", false, "gen_ai_server_time_to_first_token_seconds")]
    [InlineData("gen_ai.client.token.usage", "{token}", false, "gen_ai_client_token_usage")]
    [InlineData("process.cpu", "s", true, "process_cpu_seconds")]
    [InlineData("inference.kv.usage", "1", false, "inference_kv_usage")]
    [InlineData("inference.decode.rate", "{token}/s", false, "inference_decode_rate_per_second")]
    [InlineData("bandwidth", "By/s", false, "bandwidth_bytes_per_second")]
    [InlineData("energy.per_token", "J/{token}", false, "energy_per_token_joules")]
    [InlineData("vllm:time_to_first_token", "s", false, "vllm:time_to_first_token_seconds")]
    [InlineData("vllm:prompt_tokens", "", true, "vllm:prompt_tokens")]
    [InlineData("time.in.seconds", "s", false, "time_in_seconds")]
    [InlineData("milliseconds", "s", false, "milliseconds_seconds")]
    [InlineData("jobs_total", "", true, "jobs")]
    [InlineData("jobs_total", "", false, "jobs_total")]
    [InlineData("seconds", "s", false, "seconds")]
    [InlineData("a..b--c__d", "", false, "a_b_c_d")]
    [InlineData("2xx", "", false, "_2xx")]
    [InlineData("naïve", "", false, "na_ve")]
    [InlineData("x", "foo.bar", false, "x_foo_bar")]
    [InlineData("x", "{a{b}c}", false, "x")]
    [InlineData("x", "1/s", false, "x_per_second")]
    public void Family_OfNameAndUnit_FollowsTheSpecification(string name, string unit, bool isCounter, string family) =>
        Assert.Equal(family, PrometheusNames.ToFamily(name, PrometheusNames.ToUnit(unit), isCounter));

    [Theory]
    [InlineData("gen_ai.operation.name", "gen_ai_operation_name")]
    [InlineData("a:b", "a_b")]
    [InlineData("9", "_9")]
    [InlineData("", "_")]
    public void Label_OfKey_IsAValidName(string key, string label) => Assert.Equal(label, PrometheusNames.ToLabel(key));
}
