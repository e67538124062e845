namespace InferenceServer.Bench.Compare;

/// <summary>Tokens a second of one run.</summary>
/// <param name="Decode">While all streams decode.</param>
/// <param name="Whole">Over the whole run.</param>
internal readonly record struct Rate(double Decode, double Whole);

/// <summary>Two runs right after each other.</summary>
/// <param name="Served">Our server.</param>
/// <param name="Other">The other side.</param>
internal readonly record struct RatePair(Rate Served, Rate Other);
