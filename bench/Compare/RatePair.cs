namespace InferenceServer.Bench.Compare;

/// <summary>Rates of one pair of runs, in tokens a second.</summary>
/// <param name="ServedDecode">Our server, while all streams decode.</param>
/// <param name="ServedWhole">Our server, over the whole run.</param>
/// <param name="OtherDecode">The other side, while all streams decode.</param>
/// <param name="OtherWhole">The other side, over the whole run.</param>
internal readonly record struct RatePair(double ServedDecode, double ServedWhole, double OtherDecode, double OtherWhole);
