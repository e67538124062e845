using System.Runtime.InteropServices;

namespace InferenceServer.Inference.Grammar.Automata;

/// <summary>A way from one state of an automaton to another.</summary>
/// <param name="Kind">What it takes.</param>
/// <param name="Low">First byte of the range.</param>
/// <param name="High">Last byte of the range.</param>
/// <param name="Rule">The rule that is called.</param>
/// <param name="Target">Where it leads; of a call, where it goes on when the rule has ended.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Edge(EdgeKind Kind, byte Low, byte High, int Rule, int Target);
